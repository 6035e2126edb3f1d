import type { PartitionJob } from '../job.ts';
import { partitionName } from '../lake/layout.ts';
import { CorruptLakeError, type CurrentVersion, unlessCorrupt } from '../lake/manifest.ts';
import { type Merged, merge } from '../lake/merge.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { repeatedRows } from '../lake/repeated-rows.ts';
import type { ScrapeResult } from '../lake/scrape-result.ts';
import type { VersionDescriptor, WithdrawnItem } from '../lake/version.ts';
import { reasonText } from '../outcome/outcome.ts';
import { StageError } from '../platform.ts';
import type { Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { PartitionStore } from '../state/partition-store.ts';
import {
  type Answer,
  answerOver,
  decidedAfter,
  decidedNow,
  listingOf,
  unreadable,
  type When,
} from './answer.ts';
import { holdReason } from './hold-reason.ts';
import type { KnownState } from './known-state.ts';
import { resultOfToday } from './read-elsewhere.ts';
import { withRowSchemas } from './row-schemas.ts';
import {
  olderThan,
  recordSchema,
  refusalText,
  type SchemaRefusal,
  writtenParserVersion,
} from './schema-refusal.ts';

/** Commits that were lost to another writer before the state machine is asked to wait. */
const COMMIT_TRIES = 5;

/**
 * Publishes what a run, a retry or a reparse learned of a partition; `failed` where its current version is
 * damaged.
 */
export async function publishResult(context: PartitionJob, result: ScrapeResult): Promise<PublishResult> {
  const { answer, exportCsv } = await publishOver(context, result);
  await exportCsv?.();
  return answer;
}

/** What came of it; `exportCsv` is still to be done, and may be done beside putting it on record. */
export interface Published {
  readonly answer: PublishResult;
  readonly exportCsv?: () => Promise<void>;
}

/** `known`: what the state said a moment ago. */
export async function publishOver(
  context: PartitionJob,
  result: ScrapeResult,
  known?: KnownState,
): Promise<Published> {
  try {
    return await publishOverCurrent(context, result, known);
  } catch (error) {
    if (!(error instanceof CorruptLakeError)) throw error;
    return { answer: await unreadable(context, result, error.message) };
  }
}

async function publishOverCurrent(
  context: PartitionJob,
  result: ScrapeResult,
  known: KnownState | undefined,
): Promise<Published> {
  const { platform, source, partition } = context;
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const read = await resultOfToday(context, result);
  const { over } = result;
  const now = known && decidedAfter(context, known.lastRefresh);
  if (over && now && !('kind' in read)) {
    const published = await publishOverKnown(context, store, read, over, now);
    if (published) return published;
  }
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    // In this order: all that is on record by now rests upon this current version, or one before it.
    const when = tries === 0 && !over && now ? now : await decidedNow(context);
    const current = await store.current();
    if ('kind' in read) {
      const answer = answerOver(result, current, undefined, when);
      return { answer: answer('failed', { reason: refusalText(context, read) }) };
    }
    const next = await nextOver(context, store, read, current, when);
    const published = await carryOut(context, store, read, current, next);
    if (published) return published;
  }
  throw new StageError('Conflict', `${partitionName(source.name, partition)}: other writers kept committing`);
}

/**
 * The first try, over the version that the scrape went by, without reading it again: that it still is the
 * current one is a condition of the commit. Where nothing is committed, it is asked for. Undefined where it
 * no longer is.
 */
async function publishOverKnown(
  context: PartitionJob,
  store: PartitionVersions,
  result: ScrapeResult,
  over: CurrentVersion,
  when: When,
): Promise<Published | undefined> {
  const next = await nextOver(context, store, result, over, when).catch(unlessCorrupt);
  if (!next) return undefined;
  const isCommit = next.kind === 'write' && next.reason === null;
  if (!isCommit && !(await store.isCurrent(over))) return undefined;
  return carryOut(context, store, result, over, next);
}

/** What is to be done over one reading of the current version. */
type Next =
  | { readonly kind: 'answer'; readonly result: PublishResult }
  /** The version is what the scrape would make of it. */
  | { readonly kind: 'settled'; readonly answer: Answer; readonly current: CurrentVersion }
  /** `reason`: why it must wait for a person, or null. */
  | {
      readonly kind: 'write';
      readonly answer: Answer;
      readonly merged: Merged;
      readonly rows: readonly Row[];
      readonly contentHash: string;
      readonly reason: string | null;
    };

async function nextOver(
  context: PartitionJob,
  store: PartitionVersions,
  result: ScrapeResult,
  current: CurrentVersion | undefined,
  when: When,
): Promise<Next> {
  const { source } = context;
  const laid = merge(current?.descriptor, result);
  const answer = answerOver(result, current, laid, when);
  const failed = (reason: string): Next => ({ kind: 'answer', result: answer('failed', { reason }) });
  const refused = (refusal: SchemaRefusal) => failed(refusalText(context, refusal));
  const blind = indexProblem(result);
  if (blind !== undefined) return failed(blind);
  if (!laid || !isWorthKeeping(laid, result)) return failed('no item gave records');
  const older = current && (await olderThan(context, current.descriptor));
  if (older) return refused(older);

  const today = tableSchema(source.table).fingerprint;
  const { merged, isReread } = withRowSchemas(laid, current?.descriptor, today);
  const isOfToday = current !== undefined && store.isOfToday(current.descriptor);
  const isTold = merged.changesStates || isReread || !isOfToday;
  const made = merged.touchesRows || isTold ? await mergedRows(store, current, merged) : undefined;
  if (made && !Array.isArray(made)) return refused(made as SchemaRefusal);
  const rows = made as Row[] | undefined;
  const hash = rows && store.hash(rows);
  if (current && isOfToday && (!rows || hash === current.descriptor.contentHash)) {
    const damage = await store.damage(current.descriptor);
    if (damage && !rows) throw damage;
    // With every page read anew a damaged version is written again: that is how --force repairs it.
    if (!damage && !isTold) return { kind: 'settled', answer, current };
  }

  const reason = await holdReason(context, merged, rows!.length, current?.descriptor);
  return { kind: 'write', answer, merged, rows: rows!, contentHash: hash!, reason };
}

/** Undefined where somebody else committed in between. */
async function carryOut(
  context: PartitionJob,
  store: PartitionVersions,
  result: ScrapeResult,
  current: CurrentVersion | undefined,
  next: Next,
): Promise<Published | undefined> {
  if (next.kind === 'answer') return { answer: next.result };
  if (next.kind === 'settled') return settled(context, store, next.current, next.answer);
  const { platform, source } = context;
  const { answer, merged, rows, contentHash, reason } = next;
  const waiting = reason === null ? undefined : await heldAlready(context, store, contentHash);
  const held = (version: VersionDescriptor): Published => ({
    answer: answer('held', { ...listingOf(version), held: version.version, reason }),
  });
  if (waiting) return held(waiting);
  const createdAt = platform.clock.now();
  const id = platform.newId();
  const version = await store.write({
    version: id,
    previous: current?.descriptor.version ?? null,
    runId: result.runId,
    createdAt: new Date(createdAt).toISOString(),
    decision: reason === null ? 'commit' : 'hold',
    reason,
    index: merged.index,
    items: merged.items.map(({ item }) => item),
    withdrawn: withdrawnBy(merged, id, current?.descriptor),
    repeated: repeatedRows(source.table, rows),
    parserVersion: writtenParserVersion(context, current?.descriptor),
    rows,
    contentHash,
  });
  if (reason !== null) return held(version);
  await recordSchema(context, version, current?.descriptor);
  if ((await store.commit(version, current?.manifestEtag, result.runId, version.createdAt)) === 'lost')
    return undefined;
  const committed = answer('committed', {
    ...listingOf(version),
    version: version.version,
    rows: version.rows,
    contentHash: version.contentHash,
    changed: version.contentHash !== current?.descriptor.contentHash,
    decidedAt: createdAt,
  });
  return { answer: committed, exportCsv: () => store.exportCsv(version, rows) };
}

/**
 * The version with these very rows, of today's schema, that waits for a decision: scraping the same again
 * must not pile up copies.
 */
async function heldAlready(
  { platform, source, partition }: PartitionJob,
  store: PartitionVersions,
  contentHash: string,
): Promise<VersionDescriptor | undefined> {
  const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
  const held = (await store.versions()).find(({ version }) => version === lastRefresh?.held);
  return held && store.isOfToday(held) && held.contentHash === contentHash ? held : undefined;
}

/** Those of the current version that have not come back, and those that this one no longer has. */
function withdrawnBy(
  { items, withdrawn }: Merged,
  version: string,
  current: VersionDescriptor | undefined,
): WithdrawnItem[] {
  const gone = new Set(withdrawn.map(({ id }) => id));
  const states = new Map(items.map(({ item }) => [item.id, item.state]));
  const isStillGone = ({ id }: WithdrawnItem) => {
    const state = states.get(id);
    return !gone.has(id) && (state === undefined || state === 'abandoned' || state === 'void');
  };
  return [
    ...(current?.withdrawn.filter(isStillGone) ?? []),
    ...withdrawn.map((item) => ({ ...item, version })),
  ];
}

/** Without the index of the day nobody knows what belongs to it: the version before stays. */
function indexProblem({ index }: ScrapeResult): string | undefined {
  if (index.kind === 'skipped') return index.reason;
  return index.kind === 'failed' ? `index: ${reasonText(index.outcome)}` : undefined;
}

/**
 * One item with rows, or one that rightly has none, or an index that lists nothing. Of what is derived a
 * version that lists failed ones alone is worth keeping too: nothing else says that they belong there.
 */
function isWorthKeeping({ items }: Merged, { origin }: ScrapeResult): boolean {
  return origin === 'derived' || items.length === 0 || items.some(({ item }) => item.state !== 'failed');
}

/** Nothing to write. Where this very run committed the version before it was interrupted, it says so. */
async function settled(
  context: PartitionJob,
  store: PartitionVersions,
  current: CurrentVersion,
  answer: Answer,
): Promise<Published> {
  await store.exportCsv(current.descriptor);
  if (current.committedBy !== context.runId) return { answer: answer('unchanged') };
  const { previous } = current.descriptor;
  const before = previous === null ? undefined : await store.descriptor(previous);
  const committed = answer('committed', {
    previous,
    rowsBefore: before?.rows ?? null,
    changed: before?.contentHash !== current.descriptor.contentHash,
    decidedAt: Date.parse(current.descriptor.createdAt),
  });
  return { answer: committed };
}

/** The rows of the next version; what is kept of another schema is cast, or refused. */
async function mergedRows(
  store: PartitionVersions,
  current: CurrentVersion | undefined,
  { items }: Merged,
): Promise<Row[] | SchemaRefusal> {
  const kept = items.flatMap(({ item, rows }) => (rows === 'keep' && item.rows > 0 ? [item] : []));
  const newRows = () => items.flatMap(({ rows }) => (rows === 'keep' ? [] : rows));
  if (!current || kept.length === 0) return newRows();
  const carried = await store.carried(current.descriptor, kept);
  if (carried.kind === 'problem') return { kind: 'cannot-carry', problem: carried.problem };
  const { byItem } = carried;
  return items.flatMap(({ item, rows }) => (rows === 'keep' ? (byItem.get(item.id) ?? []) : rows));
}
