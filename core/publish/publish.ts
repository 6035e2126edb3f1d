import { civilDate } from '../calendar/civil-date.ts';
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
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import type { Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { readResult } from '../scrape/finalize.ts';
import type { Partition } from '../source/source.ts';
import { type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import {
  type Answer,
  answerOver,
  decidedAfter,
  decidedNow,
  leftAsItIs,
  listingOf,
  unreadable,
  type When,
} from './answer.ts';
import { holdReason } from './hold-reason.ts';
import { knownState } from './known-state.ts';
import { answerWrite } from './published.ts';
import { resultOfToday } from './read-elsewhere.ts';
import { type PublishActor, recordPublish } from './record.ts';
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
 * Write, audit, publish: lays the finalized scrape over the current version, writes the new version beside
 * it, checks it, and only then makes it current. Called again with the same work it gives the same answer.
 * Throws a StageError `Conflict` where other writers keep winning; the caller waits and calls again.
 */
export async function publish(
  platform: Platform,
  work: PartitionWork,
  actor: PublishActor = 'run',
): Promise<PublishResult> {
  const source = sourceNamed(platform, work.source);
  const partition: Partition = { value: work.value, date: civilDate(work.date) };
  const context: PartitionJob = { platform, source, runId: work.runId, partition };
  const [known, result] = await Promise.all([knownState(context), readResult(context)]);
  if (known.published) return known.published;
  if (!result)
    throw new Error(
      `publish of ${partitionName(source.name, partition)} was called before its scrape was finalized`,
    );
  const isNothing = result.index.kind === 'targets' && result.index.targets.length === 0;
  const answer = isNothing
    ? await leftAsItIs(context, result)
    : await publishResult(context, result, known.lastRefresh);
  const along = [await answerWrite(context, answer)];
  // A partition none of whose targets was crawled is no fresher than before.
  if (isNothing) await platform.state.write(along);
  else await recordPublish(context, result, answer, actor, { known, along });
  platform.emit({ kind: 'published', source: source.name, partition, result: answer });
  return answer;
}

/**
 * Publishes what a run, a retry or a reparse learned of a partition; `failed` where its current version is
 * damaged. `lastRefresh`: the record of the partition, where it was read a moment ago.
 */
export function publishResult(
  context: PartitionJob,
  result: ScrapeResult,
  lastRefresh?: PartitionRecord,
): Promise<PublishResult> {
  return publishOver(context, result, lastRefresh).catch((error: unknown) => {
    if (error instanceof CorruptLakeError) return unreadable(context, result, error.message);
    throw error;
  });
}

async function publishOver(
  context: PartitionJob,
  result: ScrapeResult,
  lastRefresh: PartitionRecord | undefined,
): Promise<PublishResult> {
  const { platform, source, partition } = context;
  const store = new PartitionVersions(platform.lake, source.table, partition);
  const read = await resultOfToday(context, result);
  const { over } = result;
  if (over && lastRefresh && !('kind' in read)) {
    const answer = await publishOverKnown(context, store, read, over, decidedAfter(context, lastRefresh));
    if (answer) return answer;
  }
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    // In this order: all that is on record by now rests upon this current version, or one before it.
    const when = await decidedNow(context);
    const current = await store.current();
    if ('kind' in read) {
      const answer = answerOver(result, current, undefined, when);
      return answer('failed', { reason: refusalText(context, read) });
    }
    const next = await nextOver(context, store, read, current, when);
    const answer = await carryOut(context, store, read, current, next);
    if (answer) return answer;
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
): Promise<PublishResult | undefined> {
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
  if (current && isOfToday && (!rows || store.hash(rows) === current.descriptor.contentHash)) {
    const damage = await store.damage(current.descriptor);
    if (damage && !rows) throw damage;
    // With every page read anew a damaged version is written again: that is how --force repairs it.
    if (!damage && !isTold) return { kind: 'settled', answer, current };
  }

  const reason = await holdReason(context, merged, rows!.length, current?.descriptor);
  return { kind: 'write', answer, merged, rows: rows!, reason };
}

/** Undefined where somebody else committed in between. */
async function carryOut(
  context: PartitionJob,
  store: PartitionVersions,
  result: ScrapeResult,
  current: CurrentVersion | undefined,
  next: Next,
): Promise<PublishResult | undefined> {
  if (next.kind === 'answer') return next.result;
  if (next.kind === 'settled') return settled(context, store, next.current, next.answer);
  const { platform, source } = context;
  const { answer, merged, rows, reason } = next;
  const waiting = reason === null ? undefined : await heldAlready(context, store, rows);
  if (waiting) return answer('held', { ...listingOf(waiting), held: waiting.version, reason });
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
  });
  if (reason !== null) return answer('held', { ...listingOf(version), held: version.version, reason });
  await recordSchema(context, version, current?.descriptor);
  if ((await store.commit(version, current?.manifestEtag, result.runId, version.createdAt)) === 'lost')
    return undefined;
  await store.exportCsv(version, rows);
  return answer('committed', {
    ...listingOf(version),
    version: version.version,
    rows: version.rows,
    contentHash: version.contentHash,
    changed: version.contentHash !== current?.descriptor.contentHash,
    decidedAt: createdAt,
  });
}

/**
 * The version with these very rows, of today's schema, that waits for a decision: scraping the same again
 * must not pile up copies.
 */
async function heldAlready(
  { platform, source, partition }: PartitionJob,
  store: PartitionVersions,
  rows: readonly Row[],
): Promise<VersionDescriptor | undefined> {
  const lastRefresh = await new PartitionStore(platform.state).get(source.table.name, partition);
  const held = (await store.versions()).find(({ version }) => version === lastRefresh?.held);
  return held && store.isOfToday(held) && held.contentHash === store.hash(rows) ? held : undefined;
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
): Promise<PublishResult> {
  await store.exportCsv(current.descriptor);
  if (current.committedBy !== context.runId) return answer('unchanged');
  const { previous } = current.descriptor;
  const before = previous === null ? undefined : await store.descriptor(previous);
  return answer('committed', {
    previous,
    rowsBefore: before?.rows ?? null,
    changed: before?.contentHash !== current.descriptor.contentHash,
    decidedAt: Date.parse(current.descriptor.createdAt),
  });
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
