import { civilDate } from '../calendar/civil-date.ts';
import type { PartitionJob } from '../job.ts';
import { BoundedMemory } from '../lake/bounded-memory.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import { reasonText } from '../outcome/outcome.ts';
import { type VerdictPolicy, verdictFor } from '../outcome/policy.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import { targetOf } from '../source/partition.ts';
import { type Item, isReady, type ListedItem } from '../source/source.ts';
import { lastLookOf } from '../state/look-clock.ts';
import type { ScrapeAnswer } from '../workflow/workflow.ts';
import type { Asked } from './asked.ts';
import { attemptPage } from './attempt.ts';
import type { Checkpoint } from './checkpoint.ts';
import { crawlOf } from './crawl.ts';
import { watchingDeaths } from './deaths.ts';
import { recordFatal } from './fatal-page.ts';
import { finalize, isFinalized } from './finalize.ts';
import { hostsSideBySide, limitsOf } from './hosts-side-by-side.ts';
import type { ItemWalk } from './item-walk.ts';
import { knownIndex, knownItem, knownVersion } from './known-page.ts';
import { withoutLeftOut } from './left-out.ts';
import { ScrapeProgress } from './progress.ts';
import type { TargetGate } from './target-gate.ts';
import { TargetGates } from './target-gates.ts';
import { nextTry } from './which-try.ts';

const NOTHING: ReadonlySet<string> = new Set();
/** Of the attempts at one partition, as they are stored: some fifty pages. */
const RECORDED_BYTES = 2 * 1024 * 1024;
const NOBODY_THERE = { outcome: { code: 'NETWORK_ERROR' } } as const;

/** What a retry says beside its work. */
export interface ScrapeOptions {
  /** Items that are not asked for: they wait for a person, or for their own time. */
  readonly leaveOut?: ReadonlySet<string>;
  /** See `PartitionJob`. */
  readonly retryOf?: string;
  /**
   * No page is asked for twice: what fails waits for its next try, also where a process that died is taken up
   * again.
   */
  readonly once?: boolean;
}

/**
 * Fetches what is missing of one partition, each page at most once per call, and finalizes the result when
 * nothing is left to try. Throws a StageError `RateLimited` or `Transient` where the state machine should
 * wait and call again.
 * `mustStop` is asked before each page: time is up, or the operator has interrupted.
 */
export async function scrape(
  platform: Platform,
  work: PartitionWork,
  mustStop = () => false,
  { leaveOut = NOTHING, retryOf, once = false }: ScrapeOptions = {},
): Promise<ScrapeAnswer> {
  const context = { ...(await jobOf(platform, work)), ...(retryOf !== undefined && { retryOf }) };
  if (await isFinalized(context)) return { done: true };
  return watchingDeaths(context, (watched) => scrapePages(watched, work.force, mustStop, leaveOut, once));
}

async function scrapePages(
  context: PartitionJob,
  force: boolean,
  mustStop: () => boolean,
  leaveOut: ReadonlySet<string>,
  once: boolean,
): Promise<ScrapeAnswer> {
  const over = await knownVersion(context);
  const known = over?.descriptor;
  const current = force ? undefined : known;
  const progress = await ScrapeProgress.load(context);
  const gates = new TargetGates(context, progress, lastLookOf(known));

  const index = indexItem(context);
  if (index) {
    if (!force) await leaveOutFatal(context, gates, progress, [index]);
    const read = await scrapeIndex(context, index, current, progress, gates, { mustStop, once });
    // After retries of the index the items get their own full set of them.
    if (read !== 'go-on') return { done: false };
  }
  const listed = listedOf(context, progress)?.filter((item) => isReady(item) && !leaveOut.has(item.id));
  if (listed) {
    if (!force) await leaveOutFatal(context, gates, progress, listed);
    const open = listed.filter((item) => {
      const walk = progress.item(item);
      const policy = policyOf(context, item);
      return walk.kind === 'next' && isOpen(policy, progress, item.id, { once, page: walk.page });
    });
    const finished = await scrapeItems(context, open, current, progress, gates, { mustStop, once });
    if (!finished) return { done: false };
  }
  await finalize(await withoutLeftOut(context, progress, gates), { known: over });
  return { done: true };
}

/** Ends a scrape whose retries are used up: what is there is finalized, what is missing becomes failures. */
export async function recordFailures(platform: Platform, work: PartitionWork): Promise<ScrapeAnswer> {
  const context = await jobOf(platform, work);
  if (await isFinalized(context)) return { done: true };
  return watchingDeaths(context, closeScrape);
}

async function jobOf(platform: Platform, work: PartitionWork): Promise<PartitionJob> {
  const source = sourceNamed(platform, work.source);
  const partition = { value: work.value, date: civilDate(work.date) };
  const crawl = await crawlOf(platform, source, work);
  const recorded = new BoundedMemory<unknown>(RECORDED_BYTES);
  return { platform, source, runId: work.runId, partition, recorded, ...(crawl && { crawl }) };
}

async function closeScrape(whole: PartitionJob): Promise<ScrapeAnswer> {
  const progress = await ScrapeProgress.load(whole);
  const context = await withoutLeftOut(whole, progress);
  const gates = new TargetGates(context, progress, 0);
  const unasked: ListedItem[] = [];
  for (const item of listedOf(context, progress) ?? []) {
    const walk = progress.item(item);
    const isUnasked = isReady(item) && walk.kind === 'next' && progress.attempts(item.id, walk.page) === 0;
    // Behind a flag nothing is asked for, on purpose.
    if (isUnasked && !(await gates.isShut(item))) unasked.push(item);
  }
  await finalize(context, { unasked });
  return { done: true };
}

function indexItem({ source, partition }: PartitionJob): Item | undefined {
  return source.discover && { id: INDEX_ID, url: source.discover.url(partition) };
}

/** The items of the partition: those of its targets, or of its index, which may not have been read. */
function listedOf({ crawl }: PartitionJob, progress: ScrapeProgress): readonly ListedItem[] | undefined {
  return crawl ? crawl.items : progress.listed();
}

/** Puts on record that items which killed the process are not asked for. */
async function leaveOutFatal(
  context: PartitionJob,
  gates: TargetGates,
  progress: ScrapeProgress,
  items: readonly Item[],
): Promise<void> {
  for (const item of items) {
    if (!context.fatal?.has(item.id) || progress.last(item.id)) continue;
    const { looks } = await gates.of(item);
    const startedAt = context.platform.clock.now();
    const lookedAt = looks.order(startedAt);
    const kind = item.id === INDEX_ID ? 'index' : 'item';
    const checkpoint = await recordFatal(context, { kind, item, page: 0, number: 1, startedAt, lookedAt });
    if (checkpoint) progress.add(checkpoint);
  }
}

/**
 * Reads the index, page by page from where it was left. `stopped`: it has to be gone on with. `retried`: it
 * took retries, and was read. Where it could not be read, its tries are used up.
 */
async function scrapeIndex(
  context: PartitionJob,
  item: Item,
  current: VersionDescriptor | undefined,
  progress: ScrapeProgress,
  gates: TargetGates,
  { mustStop, once }: { readonly mustStop: () => boolean; readonly once: boolean },
): Promise<'go-on' | 'retried' | 'stopped'> {
  const { source, partition, platform } = context;
  const { gate, looks } = await gates.of(item);
  const first = new URL(item.url, source.baseUrl).href;
  let asked = 0;
  let retries = 0;
  for (let walk = progress.index(first); walk.kind === 'next'; walk = progress.index(first)) {
    const { step } = walk;
    const { page } = step;
    if (!isOpen(source, progress, INDEX_ID, { once, page })) return 'go-on';
    if (asked++ > 0 && mustStop()) return 'stopped';
    if (gate.isKnownShut) return 'go-on';
    const which = nextTry(progress.last(INDEX_ID, page));
    const { number } = which;
    const target = { kind: 'index', item: { ...item, url: step.url }, step, attempt: number } as const;
    const seen = page === 0 ? knownIndex(source, current) : { copy: { asOf: current?.index.asOf } };
    const checkpoint = await attemptPage(context, gate, looks, target, which, seen);
    if (!checkpoint) return (await gate.isShut()) ? 'go-on' : 'stopped';
    progress.add(checkpoint);
    if (checkpoint.again) continue;
    const tries = progress.tries(INDEX_ID, page);
    if (!once && isRetryable(source, checkpoint, tries)) throw retryError([checkpoint]);
    retries = Math.max(retries, tries - 1);
  }
  const items = progress.listed()!.length;
  if (asked > 0) platform.emit({ kind: 'discovered', source: source.name, partition, items });
  return retries > 0 ? 'retried' : 'go-on';
}

/** One pass over the items that have no final outcome yet. False where it had to stop first. */
async function scrapeItems(
  context: PartitionJob,
  open: readonly Item[],
  current: VersionDescriptor | undefined,
  progress: ScrapeProgress,
  gates: TargetGates,
  { mustStop, once }: { readonly mustStop: () => boolean; readonly once: boolean },
): Promise<boolean> {
  const { source } = context;
  const known = new Map(current?.items.map((item) => [item.id, item]));
  const retry: { readonly checkpoint: Checkpoint; readonly gate: TargetGate }[] = [];
  let stopped = false;
  const tryOne = async (item: Item): Promise<void> => {
    const { gate, looks } = await gates.of(item);
    for (let walk = progress.item(item); walk.kind === 'next'; walk = progress.item(item)) {
      stopped ||= mustStop();
      if (stopped || gate.isKnownShut) return;
      const { page } = walk;
      const which = nextTry(progress.last(item.id, page));
      const seen = page === 0 ? knownItem(source, current, known.get(item.id)) : {};
      const policy = policyOf(context, item);
      const isLastTry = once || !isRetryable(policy, NOBODY_THERE, progress.tries(item.id, page) + 1);
      const asked = askedItem(progress, walk, isLastTry);
      const checkpoint = await attemptPage(context, gate, looks, asked, which, seen);
      if (!checkpoint) {
        stopped ||= !(await gate.isShut());
        return;
      }
      progress.add(checkpoint);
      if (checkpoint.learned || checkpoint.again) continue;
      const tries = progress.tries(item.id, page);
      if (!once && isRetryable(policy, checkpoint, tries)) retry.push({ checkpoint, gate });
      return;
    }
  };
  // Throws not before all have ended: whoever finalizes then would miss what is still on its way.
  await hostsSideBySide(open, ({ url }) => new URL(url, source.baseUrl).host, limitsOf(source), tryOne);
  if (stopped) return false;
  const again: Checkpoint[] = [];
  for (const { checkpoint, gate } of retry) if (!(await gate.isShut())) again.push(checkpoint);
  if (again.length > 0) throw retryError(again);
  return true;
}

/** The next request of an item. `isLastTry`: see `AskedItem`. */
export function askedItem(
  progress: ScrapeProgress,
  { item, page, requests }: Extract<ItemWalk, { kind: 'next' }>,
  isLastTry: boolean,
): Asked {
  const rowKeys = progress.rowKeys(item.id);
  return { kind: 'item', item, page, requests, ...(rowKeys && { rowKeys }), isLastTry };
}

/** What is done about the outcomes of an item: its target may have a number of retries of its own. */
function policyOf({ source, crawl, partition }: PartitionJob, item: Item): VerdictPolicy {
  const attempts = crawl?.maxRetries?.get(targetOf(item, partition));
  return attempts === undefined ? source : { ...source, retry: { ...source.retry, attempts } };
}

/** Not tried yet, or to be tried again. */
function isOpen(
  policy: VerdictPolicy,
  progress: ScrapeProgress,
  id: string,
  { once, page }: { readonly once: boolean; readonly page?: number },
): boolean {
  const last = progress.last(id, page);
  if (last === undefined || last.again) return true;
  return !once && isRetryable(policy, last, progress.tries(id, page));
}

/** Whether a page is tried again in this run whose try of this number, from 1, has ended so. */
function isRetryable(
  policy: VerdictPolicy,
  { outcome }: Pick<Checkpoint, 'outcome'>,
  tries: number,
): boolean {
  return verdictFor(outcome, policy, { retries: tries - 1 }).verdict === 'retry';
}

function retryError(checkpoints: readonly Checkpoint[]): StageError {
  const limited = checkpoints.find((checkpoint) => checkpoint.outcome.code === 'RATE_LIMITED');
  const { item, outcome } = limited ?? checkpoints[0]!;
  const others = checkpoints.length > 1 ? ` (and ${checkpoints.length - 1} more)` : '';
  return new StageError(limited ? 'RateLimited' : 'Transient', `${item.id}: ${reasonText(outcome)}${others}`);
}
