import { type Failure, isUnresolved, lastFailedLookOf } from '../failures/failure.ts';
import { FailureStore } from '../failures/failure-store.ts';
import { believedDue } from '../failures/retry-policy.ts';
import type { PartitionJob } from '../job.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import { CorruptLakeError, type CurrentVersion } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { isWithoutResult, itemOf, type VersionDescriptor } from '../lake/version.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { PartitionWork } from '../platform.ts';
import { publish } from '../publish/publish.ts';
import { isGood } from '../publish/record.ts';
import { attemptPage } from '../scrape/attempt.ts';
import { watchingDeaths } from '../scrape/deaths.ts';
import { finalize, isFinalized, readResult } from '../scrape/finalize.ts';
import { knownItem } from '../scrape/known-page.ts';
import { ScrapeProgress } from '../scrape/progress.ts';
import { askedItem, scrape } from '../scrape/scrape.ts';
import { TargetGate } from '../scrape/target-gate.ts';
import { nextTry } from '../scrape/which-try.ts';
import type { Item } from '../source/source.ts';
import { lastLookOf } from '../state/look-clock.ts';

export type Tried =
  | { readonly kind: 'published'; readonly result: PublishResult }
  | { readonly kind: 'failed'; readonly outcome: Outcome }
  /** A later index of the day no longer lists the item, or as one that has no result. */
  | { readonly kind: 'unlisted' }
  /** The target was flagged while the request waited for its permit: nothing was sent. */
  | { readonly kind: 'flagged' }
  /** Another run is at the target, or was a moment ago: nothing was sent. Milliseconds. */
  | { readonly kind: 'refused'; readonly until: number }
  | { readonly kind: 'stopped' };

/**
 * Asks for a failed item once more, as a run of its own, and publishes what comes into the current version.
 * Where the index of the day failed, or nothing of the day could be published yet, one item alone is nothing
 * that could be published: then the whole partition gets its one pass. Played again under the same run id it
 * goes on where it stopped.
 */
export async function tryAgain(
  context: PartitionJob,
  failure: Failure,
  mustStop: () => boolean,
): Promise<Tried> {
  const current = await readable(context);
  if (current === 'damaged')
    return { kind: 'failed', outcome: { code: failure.code, message: 'the current version cannot be read' } };
  if (failure.item === INDEX_ID || !current) return tryPartition(context, failure, mustStop);
  return tryItem(context, current, failure);
}

async function readable({
  platform,
  source,
  partition,
}: PartitionJob): Promise<CurrentVersion | undefined | 'damaged'> {
  try {
    const versions = new PartitionVersions(platform.lake, source.table, partition);
    return await versions.current();
  } catch (error) {
    if (error instanceof CorruptLakeError) return 'damaged';
    throw error;
  }
}

/** One try at the item, unless one is on record under this run id already. */
async function tryItem(context: PartitionJob, current: CurrentVersion, failure: Failure): Promise<Tried> {
  if (!(await isFinalized(context))) {
    const asked = await watchingDeaths(context, (watched) => askOnce(watched, current.descriptor, failure));
    if (typeof asked === 'object') return asked;
    if (asked !== 'asked') return { kind: asked };
    await finalize(context, { scope: 'items', known: current });
  }
  const content = (await readResult(context))!.items.find(({ item }) => item.id === failure.item)?.content;
  if (content?.kind === 'failed') return { kind: 'failed', outcome: content.outcome };
  // A try that died before its request, closed by a run that died in turn.
  if (!content) return { kind: 'failed', outcome: { code: failure.code, message: 'no request was sent' } };
  if (!isGood(content)) throw new Error(`the retry of ${failure.item} left ${content.kind} on record`);
  return { kind: 'published', result: await publish(context.platform, workOf(context, failure), 'retry') };
}

async function askOnce(
  context: PartitionJob,
  current: VersionDescriptor,
  failure: Failure,
): Promise<'asked' | 'unlisted' | 'stopped' | Extract<Tried, { kind: 'refused' | 'flagged' }>> {
  const progress = await ScrapeProgress.load(context);
  const known = current.items.find(({ id }) => id === failure.item);
  const isGone = known ? isWithoutResult(known.state) : true;
  if (isGone && current.index.checkedAt > lastFailedLookOf(failure)) return 'unlisted';
  const { target } = failure;
  const item: Item = known
    ? itemOf(known)
    : { id: failure.item, target, ...(failure.request ?? { url: failure.url }) };
  // Taken up again, it goes on behind the proxies that it was through with.
  const tried = progress.inOrder().filter(({ outcome }) => outcome.code === 'BLOCKED_PROXY');
  const gate = await TargetGate.open(context, target, tried);
  const refused = refusedBy(gate);
  if (refused) return refused;
  const looks = gate.looksAfter(Math.max(lastFailedLookOf(failure), lastLookOf(current)));
  for (let walk = progress.item(item); walk.kind === 'next'; walk = progress.item(item)) {
    const { page } = walk;
    const last = progress.last(item.id, page);
    if (last && !last.again) return 'asked';
    const seen = page === 0 ? knownItem(context.source, current, known) : {};
    const which = nextTry(last, { earlier: failure.attempts, lastAt: failure.lastFailedAt });
    const asked = askedItem(progress, walk, true);
    const checkpoint = await attemptPage(context, gate, looks, asked, which, seen);
    if (!checkpoint) return (await gate.isShut()) ? (refusedBy(gate) ?? { kind: 'flagged' }) : 'stopped';
    progress.add(checkpoint);
  }
  return 'asked';
}

/** What is said of a try whose target may not be crawled now; undefined where it may. */
function refusedBy({ refusal }: TargetGate): Extract<Tried, { kind: 'refused' | 'flagged' }> | undefined {
  if (!refusal) return undefined;
  const { reason, until } = refusal;
  return until === null || reason === 'SKIPPED' ? { kind: 'flagged' } : { kind: 'refused', until };
}

/**
 * One pass over the partition; what does not come in it becomes a failure of its own, with a message of its
 * own. Items that wait for a person, or for their own time, are not asked for: the pass is about another one.
 */
async function tryPartition(
  context: PartitionJob,
  failure: Failure,
  mustStop: () => boolean,
): Promise<Tried> {
  const { platform, source, retryOf } = context;
  const work = workOf(context, failure);
  const refused =
    source.cadence.kind === 'every' && refusedBy(await TargetGate.open(context, failure.target, []));
  if (refused) return refused;
  const waiting = await waitingItems(context);
  waiting.delete(failure.item);
  const index = waiting.get(INDEX_ID);
  if (index)
    return { kind: 'failed', outcome: { code: index.code, message: `the index of the day: ${index.code}` } };
  const leaveOut = new Set(waiting.keys());
  const options = { leaveOut, once: true, ...(retryOf !== undefined && { retryOf }) };
  while (!(await scrape(platform, work, mustStop, options)).done) if (mustStop()) return { kind: 'stopped' };
  return { kind: 'published', result: await publish(platform, work, 'retry') };
}

/**
 * What is due within this is asked for in the same pass, and counted: items that failed together come
 * together.
 */
const SOON_MS = 15 * 60_000;

/** Unresolved items of the partition that this is not the time for. */
async function waitingItems({ platform, source, partition }: PartitionJob): Promise<Map<string, Failure>> {
  const now = platform.clock.now();
  const items = new Map<string, Failure>();
  for await (const failure of new FailureStore(platform.state).list(source.name, partition)) {
    const { state, code, item, retry, claim } = failure;
    // Without the index there is no pass: it is asked for whenever it may heal.
    const isLater = item !== INDEX_ID && believedDue(retry?.dueAt ?? 0, now) > now + SOON_MS;
    // Somebody is at it, or died at it: what was fetched then is taken up with its own message.
    const isElsewhere = item !== INDEX_ID && claim !== null;
    const isWaiting = state === 'dead' || !isRetriedLater(code) || isLater || isElsewhere;
    if (isUnresolved(failure) && isWaiting) items.set(item, failure);
  }
  return items;
}

/** Where there is no index, a pass is about the target alone whose item failed. */
function workOf({ runId, source, partition }: PartitionJob, { target }: Failure): PartitionWork {
  const targets = source.discover ? {} : { targets: [target] };
  return { runId, source: source.name, ...partition, ...targets, force: false };
}
