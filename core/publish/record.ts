import { addDays } from '../calendar/civil-date.ts';
import { startOfDate } from '../calendar/window.ts';
import { isUnresolved } from '../failures/failure.ts';
import { FailureStore } from '../failures/failure-store.ts';
import type { PartitionJob } from '../job.ts';
import { type CommitRow, INDEX_ID } from '../lake/log-tables.ts';
import { writeCommit } from '../lake/partition-log.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { ItemContent, ScrapeResult } from '../lake/scrape-result.ts';
import type { VersionStats } from '../lake/version.ts';
import type { StateWrite } from '../ports/state-store.ts';
import { withdrawnFrom } from '../report/run-summary.ts';
import { extractionOf } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';
import { listingCounts, PartitionStore } from '../state/partition-store.ts';
import { catalogPartition } from './catalog-partition.ts';
import { type KnownState, knownState } from './known-state.ts';

/**
 * Who published: the scheduled run or one that a person started, the retry of a failed item, a reparse, or a
 * publication of entities.
 */
export type PublishActor = 'run' | 'retry' | 'reparse' | 'publication';

interface RecordOptions {
  /** What the state said before. */
  readonly known?: KnownState;
  /** Written with the record of the partition, all or nothing. */
  readonly along?: readonly StateWrite[];
  /** Also to be done before that record is written. */
  readonly beside?: (() => Promise<void>) | undefined;
}

/**
 * Puts a publish on record: the catalog, the commits table, the partition's record, recovered failures.
 * Repeating it changes nothing, and whoever comes after a crash between the commit and its record makes up
 * for it.
 */
export async function recordPublish(
  context: PartitionJob,
  result: ScrapeResult,
  answer: PublishResult,
  actor: PublishActor,
  { known, along = [], beside }: RecordOptions = {},
): Promise<void> {
  const { platform, source, runId, partition } = context;
  const before = known ?? (await knownState(context));
  // One item that was tried again makes its partition no fresher.
  const fresh =
    result.origin !== 'captures' &&
    result.index.kind !== 'none' &&
    (answer.status === 'committed' || answer.status === 'unchanged');
  const settledRun = fresh ? before.newestRun : 0;
  // A version that is held has taken nothing away yet.
  const withdrawn = withdrawnFrom(answer);
  const row: CommitRow = {
    run_id: runId,
    source: source.name,
    table_name: source.table.name,
    target: partition.value,
    partition_date: partition.date,
    status: answer.status,
    version: answer.version,
    previous_version: answer.previous,
    items_expected: answer.stats.indexRead ? expectedOf(source, answer.stats) : null,
    ...commitCounts(answer.stats),
    items_unchanged: answer.stats.unchanged,
    items_withdrawn: withdrawn.length,
    rows: answer.rows,
    rows_before: answer.rowsBefore,
    content_hash: answer.contentHash,
    changed: answer.changed,
    reason: answer.reason,
    actor,
    standing_order: answer.order ?? null,
    // When it was decided, however late it is put on record: as the record of the partition has it.
    recorded_at: new Date(answer.decidedAt).toISOString(),
    items_repeated: answer.repeated.length,
    fresh,
    settled_run: settledRun,
    day_over_at: dayOverAt(source, partition),
  };
  const isInCatalog = answer.version !== null;
  // In any order: whoever is asked again does all of it again, until `along` is written.
  const [failures] = await Promise.all([
    unresolvedFailures(context, result, answer, before),
    writeCommit(platform.lake, source.name, partition, row),
    beside?.(),
    ...(isInCatalog && !before.lastRefresh?.inCatalog
      ? [platform.catalog.registerPartition(catalogPartition(context))]
      : []),
  ]);
  const record = {
    status: answer.status,
    version: answer.version,
    runId,
    at: answer.decidedAt,
    // An answer of before the upgrade has no order.
    order: answer.order ?? 0,
    settledRun,
    ...answer.stats,
    expected: row.items_expected,
    ...listingCounts(withdrawn, answer.repeated),
    sign: answer.sign,
    rows: answer.rows,
    held: answer.held,
    reason: answer.reason,
    fresh,
    inCatalog: isInCatalog,
  };
  const store = new PartitionStore(platform.state);
  const put = (failuresMark: number | null | undefined, options: Parameters<PartitionStore['record']>[3]) =>
    store.record(
      source.table.name,
      partition,
      { ...record, ...(failuresMark !== undefined && { failuresMark }) },
      options,
    );
  if (failures !== 'some') {
    await put(failures === 'none' ? before.failuresMark : undefined, { along, asRead: before });
    return;
  }
  // Last: the retry of a failure that is recovered is not taken up again, whatever is still missing here.
  await put(undefined, { asRead: before });
  const left = await recoverFailures(context, result, answer);
  await put(left === 0 ? before.failuresMark : null, { along });
}

/** Whether there are failures that this may recover; `unasked` where it is known without a look. */
async function unresolvedFailures(
  { platform, source, partition }: PartitionJob,
  result: ScrapeResult,
  answer: PublishResult,
  { lastRefresh, failuresMark }: KnownState,
): Promise<'some' | 'none' | 'unasked'> {
  if (answer.status === 'held') return 'unasked';
  const hasFailed = result.items.some(({ content }) => content.kind === 'failed');
  const isAsBefore = lastRefresh?.failuresMark === failuresMark;
  if (isAsBefore && !hasFailed && result.index.kind !== 'failed') return 'unasked';
  for await (const failure of new FailureStore(platform.state).list(source.name, partition))
    if (isUnresolved(failure)) return 'some';
  return 'none';
}

/** Closes the failures of what came, and answers how many are left. */
async function recoverFailures(
  { platform, source, partition, runId }: PartitionJob,
  result: ScrapeResult,
  answer: PublishResult,
): Promise<number> {
  const seen = seenAt(result, answer.status);
  const by = { runId, at: platform.clock.now() };
  const store = new FailureStore(platform.state);
  const { left } = await store.recover(source.name, partition, (item) => seen.get(item), by);
  return left;
}

/** Items that can have rows: of a site those that have a result, of pages that a model reads every one. */
function expectedOf(source: PartitionJob['source'], { expected, empty, pending }: VersionStats): number {
  return extractionOf(source) === undefined ? expected : expected + empty + pending;
}

/** When the date of a partition is over where its source is; ISO 8601. */
export function dayOverAt({ timeZone }: Pick<Source, 'timeZone'>, { date }: Pick<Partition, 'date'>): string {
  return new Date(startOfDate(addDays(date, 1), timeZone)).toISOString();
}

/** The items of a version as a commit counts them, beside those that are expected. */
export function commitCounts({
  found,
  empty,
  carried,
  failed,
  pending,
  abandoned,
  void: voids,
}: VersionStats) {
  return {
    items_found: found,
    items_empty: empty,
    items_carried: carried,
    items_failed: failed,
    items_pending: pending,
    items_abandoned: abandoned,
    items_void: voids,
  };
}

/**
 * When each page was read that came as it should; milliseconds. A failure that is later than that is not
 * recovered: a reparse reads captures that may be older than it.
 */
function seenAt(
  { origin, index, items }: ScrapeResult,
  status: PublishResult['status'],
): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  for (const { item, content } of items) {
    // What was fetched and could not be published (a damaged lake) is not recovered.
    if (status === 'failed') continue;
    if (isGood(content)) seen.set(item.id, content.evidence.checkedAt);
    // Nobody misses the page of an item that has no result, or none yet.
    if (content.kind === 'no-result') seen.set(item.id, content.checkedAt);
  }
  // A scrape asks for all that its index lists. Where a capture lists what nobody ever asked for, somebody
  // still must.
  const isAsked = origin !== 'captures' || items.every(({ content }) => content.kind !== 'unseen');
  if (index.kind === 'listed' && isAsked) seen.set(INDEX_ID, index.index.checkedAt);
  return seen;
}

type Good = Extract<ItemContent, { kind: 'records' | 'empty' | 'unchanged' }>;

/** True where the site gave what was asked for. */
export function isGood(content: ItemContent): content is Good {
  return content.kind === 'records' || content.kind === 'empty' || content.kind === 'unchanged';
}
