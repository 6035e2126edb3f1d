import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import { FailureStore } from '../failures/failure-store.ts';
import { newestWhole } from '../lake/damage.ts';
import { partitionName } from '../lake/layout.ts';
import type { CommitRow } from '../lake/log-tables.ts';
import { CorruptLakeError, type CurrentVersion } from '../lake/manifest.ts';
import { writeCommit } from '../lake/partition-log.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import { mergeRunLogs } from '../lake/run-log.ts';
import { statsOf, type VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import { INDEX_ID } from '../scrape/progress.ts';
import type { Partition, Source } from '../source/source.ts';
import { listingCounts, type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import { RunStore } from '../state/run-store.ts';

/** A decision that cannot be taken as things stand. One line: why, and what to do. */
export class DecisionError extends Error {
  override readonly name = 'DecisionError';
}

export interface Decided {
  readonly decision: 'rolled_back' | 'accepted' | 'rejected';
  readonly partition: string;
  /** Current version afterwards; null where there is none. */
  readonly version: string | null;
  readonly previous: string | null;
  readonly rows: number;
}

type Lake = Pick<Platform, 'lake' | 'state' | 'clock' | 'newId'>;

/** What a rollback would make current: `to`, or the version before the current one. */
export async function chooseRollback(
  platform: Lake,
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
      `${name} has no version ${wanted}; ${stepsText(advise({ kind: 'no-such-version', ...place }))}`,
    );
  }
  const damage = await store.damage(chosen);
  if (damage) {
    const { lake } = platform;
    const other = await newestWhole(lake, source.table, partition, [wanted, current?.version]);
    const next = stepsText(advise({ kind: 'damaged-version', ...place, other }), { alternatives: true });
    throw new DecisionError(`version ${wanted} cannot be put back: ${damage.problem}; ${next}`);
  }
  return chosen;
}

/**
 * Puts an earlier version back in one commit. Works over a damaged manifest as well: that is what it is for.
 */
export async function rollback(
  platform: Lake,
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
  platform: Lake,
  source: Source,
  partition: Partition,
  options: { readonly actor: string },
): Promise<Decided> {
  const { store, lastRefresh, held } = await heldVersion(platform, source, partition);
  const current = await store.current();
  if (held.previous !== (current?.descriptor.version ?? null)) {
    const place = { source: source.name, partition };
    const next = stepsText(advise({ kind: 'superseded', ...place, held: held.version }), {
      alternatives: true,
    });
    throw new DecisionError(
      `${partitionName(source.name, partition)} has changed since ${held.version} was held; ${next}`,
    );
  }
  const damage = await store.damage(held);
  if (damage) throw new DecisionError(damage.message);
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
  platform: Lake,
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
  await record(platform, source, partition, {
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
  platform: Lake,
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
  await record(platform, source, partition, {
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
  { state, clock }: Lake,
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

interface DecisionRecord {
  readonly decided: Decided;
  readonly descriptor: VersionDescriptor | undefined;
  readonly lastRefresh: PartitionRecord | undefined;
  readonly rowsBefore: number | null;
  readonly actor: string;
}

/**
 * The commits table and the partition's record, under an id of the decision's own: it sorts after every run
 * before it.
 */
async function record(
  platform: Lake,
  source: Source,
  partition: Partition,
  made: DecisionRecord,
): Promise<void> {
  const { decided, descriptor, lastRefresh, rowsBefore, actor } = made;
  const id = platform.newId();
  const at = platform.clock.now();
  const store = new PartitionStore(platform.state);
  const order = ((await store.get(source.table.name, partition))?.order ?? 0) + 1;
  const stats = statsOf(descriptor?.items ?? []);
  const row: CommitRow = {
    run_id: id,
    source: source.name,
    table_name: source.table.name,
    target: partition.value,
    partition_date: partition.date,
    status: decided.decision,
    version: decided.version,
    previous_version: decided.previous,
    items_expected: stats.expected,
    items_found: stats.found,
    items_unchanged: 0,
    items_empty: stats.empty,
    items_carried: stats.carried,
    items_failed: stats.failed,
    items_pending: stats.pending,
    items_abandoned: stats.abandoned,
    items_void: stats.void,
    items_withdrawn: descriptor?.withdrawn.length ?? 0,
    rows: decided.rows,
    rows_before: rowsBefore,
    content_hash: descriptor?.contentHash ?? null,
    changed: decided.version !== decided.previous,
    reason: lastRefresh?.reason ?? null,
    actor,
    standing_order: order,
    recorded_at: new Date(at).toISOString(),
  };
  await writeCommit(platform.lake, source.name, partition, row);
  const decision = { runId: id, source: source.name, partitions: [partition] };
  await mergeRunLogs(platform.lake, decision, (damage) => {
    throw damage;
  });
  // Whoever accepts or rejects what a run brought settles its question, and those of all runs before.
  const isSettled = decided.decision !== 'rolled_back';
  await store.record(source.table.name, partition, {
    order,
    settledRun: isSettled ? await new RunStore(platform.state).newest(source.name) : 0,
    status: decided.decision,
    version: decided.version,
    runId: id,
    at,
    ...stats,
    ...listingCounts(descriptor?.withdrawn ?? [], descriptor?.repeated ?? []),
    sign: descriptor?.index.sign ?? null,
    rows: decided.rows,
    held: null,
    reason: null,
    fresh: false,
  });
}

async function heldVersion(platform: Lake, source: Source, partition: Partition) {
  const name = partitionName(source.name, partition);
  const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
  if (!lastRefresh?.held)
    throw new DecisionError(
      `${name} holds no version back; ${stepsText(advise({ kind: 'nothing-held', source: source.name, partition }))}`,
    );
  const store = new PartitionVersions(platform.lake, source.table, partition);
  try {
    return { store, lastRefresh, held: await store.descriptor(lastRefresh.held) };
  } catch (error) {
    if (error instanceof CorruptLakeError) throw new DecisionError(error.message);
    throw error;
  }
}
