import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import type { Step } from '../advice/step.ts';
import { FailureStore } from '../failures/failure-store.ts';
import { newestWhole } from '../lake/damage.ts';
import { partitionName } from '../lake/layout.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import { CorruptLakeError, type CurrentVersion } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Partition, Source } from '../source/source.ts';
import { type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import { type Decided, type DecidingPlatform, recordDecision } from './decision-record.ts';

/** A decision that cannot be taken as things stand. One line: why, and of what to do any. */
export class DecisionError extends Error {
  override readonly name = 'DecisionError';
  /** Why, without what to do. */
  readonly problem: string;
  readonly next: readonly Step[];

  constructor(problem: string, next: readonly Step[] = []) {
    super([problem, ...(next.length > 0 ? [stepsText(next, { alternatives: true })] : [])].join('; '));
    this.problem = problem;
    this.next = next;
  }
}

/** What a rollback would make current: `to`, or the version before the current one. */
export async function chooseRollback(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  to?: string,
): Promise<VersionDescriptor> {
  const place = { source: source.name, partition };
  const name = partitionName(source.name, partition);
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const { current, etag } = await store.currentOrBroken();
  if (etag === undefined)
    throw new DecisionError(`${name} has no version yet: there is nothing to roll back`);
  const earlier = (await store.versions()).filter(
    (version) => version.decision === 'commit' || version.version === to,
  );
  const wanted =
    to ?? current?.previous ?? earlier.filter(({ version }) => version !== current?.version).at(-1)?.version;
  if (wanted === undefined || wanted === null)
    throw new DecisionError(`${name} has no earlier version to roll back to`);
  if (wanted === current?.version)
    throw new DecisionError(`${wanted} is the current version of ${name} already`);
  const chosen = earlier.find(({ version }) => version === wanted);
  if (!chosen) {
    throw new DecisionError(
      `${name} has no version ${wanted}`,
      advise({ kind: 'no-such-version', ...place }),
    );
  }
  const damage = await store.damage(chosen);
  if (damage) {
    const { lake } = platform;
    const other = await newestWhole(lake, source.table, partition, [wanted, current?.version]);
    throw new DecisionError(
      `version ${wanted} cannot be put back: ${damage.problem}`,
      advise({ kind: 'damaged-version', ...place, other }),
    );
  }
  await refuseMisfit(store, chosen);
  return chosen;
}

/** A version of another schema is made current only where every reader can have it in today's. */
async function refuseMisfit(store: PartitionVersions, chosen: VersionDescriptor): Promise<void> {
  if (store.isOfToday(chosen)) return;
  try {
    await store.rows(chosen);
  } catch (error) {
    if (!(error instanceof CorruptLakeError)) throw error;
    const what = `version ${chosen.version} cannot be made current: ${error.problem}`;
    throw new DecisionError(`${what}; the program that wrote it can do so`);
  }
}

/**
 * Puts an earlier version back in one commit. Works over a damaged manifest as well: that is what it is for.
 */
export async function rollback(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  options: { readonly to?: string; readonly actor: string },
): Promise<Decided> {
  const chosen = await chooseRollback(platform, source, partition, options.to);
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const before = await store.currentOrBroken();
  return decide(platform, source, partition, {
    decision: 'rolled_back',
    chosen,
    before: before.current,
    etag: before.etag,
    ...options,
  });
}

/** Makes the version that was held current. */
export async function accept(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  options: { readonly actor: string },
): Promise<Decided> {
  const { store, lastRefresh, held } = await heldVersion(platform, source, partition);
  const current = await store.current();
  if (held.previous !== (current?.descriptor.version ?? null)) {
    const place = { source: source.name, partition };
    throw new DecisionError(
      `${partitionName(source.name, partition)} has changed since ${held.version} was held`,
      advise({ kind: 'superseded', ...place, held: held.version }),
    );
  }
  const damage = await store.damage(held);
  if (damage) throw new DecisionError(damage.message);
  await refuseMisfit(store, held);
  const before = current?.descriptor;
  return decide(platform, source, partition, {
    decision: 'accepted',
    chosen: held,
    before,
    etag: current?.manifestEtag,
    lastRefresh,
    ...options,
  });
}

/** Leaves the current version and forgets the one that was held. */
export async function reject(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  options: { readonly actor: string },
): Promise<Decided> {
  const { store, lastRefresh } = await heldVersion(platform, source, partition);
  const current: CurrentVersion | undefined = await store.current();
  const decided: Decided = {
    decision: 'rejected',
    partition: partitionName(source.name, partition),
    version: current?.descriptor.version ?? null,
    previous: current?.descriptor.version ?? null,
    rows: current?.descriptor.rows ?? 0,
  };
  await recordDecision(platform, source, partition, {
    decided,
    descriptor: current?.descriptor,
    lastRefresh,
    rowsBefore: decided.rows,
    ...options,
  });
  return decided;
}

interface Decision {
  readonly decision: Decided['decision'];
  readonly chosen: VersionDescriptor;
  readonly before: VersionDescriptor | undefined;
  readonly etag: string | undefined;
  readonly actor: string;
  readonly lastRefresh?: PartitionRecord;
}

async function decide(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  decision: Decision,
): Promise<Decided> {
  const { chosen, before, etag, actor } = decision;
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const name = partitionName(source.name, partition);
  const at = new Date(platform.clock.now()).toISOString();
  if ((await store.commit(chosen, etag, actor, at)) === 'lost') {
    throw new DecisionError(
      `${name} was committed by somebody else at the same moment: look at it again, then decide`,
    );
  }
  await store.exportCsv(chosen);
  const decided: Decided = {
    decision: decision.decision,
    partition: name,
    version: chosen.version,
    previous: before?.version ?? null,
    rows: chosen.rows,
  };
  const rowsBefore = before?.rows ?? null;
  await recordDecision(platform, source, partition, {
    decided,
    descriptor: chosen,
    lastRefresh: decision.lastRefresh,
    rowsBefore,
    actor,
  });
  if (decision.decision === 'accepted') await recoverItems(platform, source, partition, chosen, actor);
  return decided;
}

/**
 * What the accepted version has of its items, it has recovered: holding it back had left their failures as
 * they were.
 */
async function recoverItems(
  { state, clock }: DecidingPlatform,
  source: Source,
  partition: Partition,
  { items, index }: VersionDescriptor,
  actor: string,
): Promise<void> {
  const good = items.filter(({ state: is }) => is !== 'failed' && is !== 'carried');
  const seen = new Map(good.map(({ id, checkedAt }) => [id, checkedAt]));
  seen.set(INDEX_ID, index.checkedAt);
  const by = { runId: actor, at: clock.now() };
  await new FailureStore(state).recover(source.name, partition, (item) => seen.get(item), by);
}

async function heldVersion(platform: DecidingPlatform, source: Source, partition: Partition) {
  const name = partitionName(source.name, partition);
  const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
  if (!lastRefresh?.held)
    throw new DecisionError(
      `${name} holds no version back`,
      advise({ kind: 'nothing-held', source: source.name, partition }),
    );
  const store = new PartitionVersions(platform.lake, source.table, partition);
  try {
    return { store, lastRefresh, held: await store.descriptor(lastRefresh.held) };
  } catch (error) {
    if (error instanceof CorruptLakeError) throw new DecisionError(error.message);
    throw error;
  }
}
