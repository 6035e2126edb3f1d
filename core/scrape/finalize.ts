import pLimit from 'p-limit';
import { timeOfId } from '../calendar/run-id.ts';
import { type FailedItem, type FailedTry, orderOf } from '../failures/failure.ts';
import { FAILURES_AT_ONCE, FailureStore } from '../failures/failure-store.ts';
import { queueFailures } from '../failures/queue-failures.ts';
import type { PartitionJob } from '../job.ts';
import { partitionWorkPrefix } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import type { IndexResult, ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { targetOf } from '../source/partition.ts';
import { type Item, type ListedItem, minutesOf } from '../source/source.ts';
import { afterAttempt, lookedAtLast } from '../targets/attempted.ts';
import type { TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { afterCrawl, type CrawlEnd } from '../targets/transitions.ts';
import { appendAttempts } from './attempt-log.ts';
import { type CapturePlace, CaptureWriter, placeText } from './capture-writer.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint.ts';
import { crawlEnds } from './crawl-ends.ts';
import { knownVersion } from './held.ts';
import { type IndexWalk, walkIndex } from './index-walk.ts';
import { changesOf, changesOfAttempt } from './item-changes.ts';
import { contentOf, evidenceOf, inPageOrder } from './item-content.ts';
import { walkItem } from './item-walk.ts';
import { INDEX_ID, inOrder } from './progress.ts';
import { keepingRoute } from './target-route.ts';

const UNASKED = { code: 'UNKNOWN_ERROR', message: 'it was not asked for before the run gave up' } as const;

function resultKey({ runId, source, partition }: PartitionJob): string {
  return `${partitionWorkPrefix(runId, source.name, partition)}result.json`;
}

export async function isFinalized(context: PartitionJob): Promise<boolean> {
  return (await context.platform.lake.head(resultKey(context))) !== undefined;
}

/** The finalized result; undefined before the scrape has ended. */
export async function readResult(context: PartitionJob): Promise<ScrapeResult | undefined> {
  const stored = await context.platform.lake.get(resultKey(context));
  return stored && (JSON.parse(new TextDecoder().decode(stored.body)) as ScrapeResult);
}

export interface FinalizeOptions {
  /**
   * `items`: single items were tried again, nobody asked for the index, and what is not mentioned stands as
   * it is.
   */
  readonly scope?: 'partition' | 'items';
  /** Listed items that nobody came to ask for: each is a failure, too. */
  readonly unasked?: readonly Item[];
  /** The version that was current when the attempts were made. @default that which is current now */
  readonly known?: VersionDescriptor | undefined;
}

/**
 * Turns the checkpoints of a scrape into what outlives the run: WARC files, the attempts table, the target's
 * counters, failures, and last the result that publish reads. Any step may be repeated after a crash: the
 * same checkpoints give objects that say the same, and the counters are added in one transaction with a
 * marker.
 */
export async function finalize(context: PartitionJob, options: FinalizeOptions = {}): Promise<void> {
  const { scope = 'partition', unasked = [] } = options;
  const { platform, runId, source, partition } = context;
  const captures = new CaptureWriter(context);
  const seen: { checkpoint: Checkpoint; place: CapturePlace | null }[] = [];
  const fetched = new Map<string, Map<number, Checkpoint>>();
  const tries = new Map<string, FailedTry[]>();
  const pages = new Map<number, Checkpoint>();
  for await (const { checkpoint, capture } of readCheckpoints(platform.lake, runId, source.name, partition))
    seen.push({ checkpoint, place: await captures.add(capture) });
  await captures.finish();
  const ordered: Checkpoint[] = [];
  const lookedAt = new Map<string, number>();
  seen.sort((a, b) => inOrder(a.checkpoint, b.checkpoint));
  for (const { checkpoint, place } of seen) {
    const attempt = { ...checkpoint.attempt, capture: placeText(place) };
    const kept = { ...checkpoint, attempt };
    ordered.push(kept);
    lookedAt.set(attempt.attempt_id, checkpoint.lookedAt);
    if (checkpoint.kind !== 'robots') noteTry(tries, kept);
    if (checkpoint.kind === 'index' && isLaterTry(kept, pages.get(checkpoint.page ?? 0)))
      pages.set(checkpoint.page ?? 0, kept);
    if (checkpoint.kind === 'item') notePage(fetched, kept);
  }
  const walk = walkIndex('', (page) => pages.get(page)?.learned);
  const items = itemsOf(context, scope, walk, fetched).map((item) =>
    itemResult(context, item, fetched.get(item.id), listedAt(pages)),
  );
  const known = 'known' in options ? options.known : await knownVersion(context);
  const changes = await changesOf(context, known, items, (id) => inPageOrder(fetched.get(id) ?? new Map()));
  const attempts = ordered.map((checkpoint) => ({
    ...checkpoint.attempt,
    ...changesOfAttempt(changes, checkpoint),
  }));
  await appendAttempts(context, attempts);

  const result: ScrapeResult = {
    runId,
    origin: 'site',
    source: source.name,
    partition,
    parserVersion: source.parserVersion,
    index:
      scope === 'items'
        ? { kind: 'none' }
        : (crawlResult(context, lookedAt) ?? indexResult(context, pages, walk)),
    items,
    ...(context.crawl?.leftOut && { leftOut: context.crawl.leftOut }),
    attempts: attempts.length,
    wireBytes: attempts.reduce((sum, attempt) => sum + (attempt.wire_bytes ?? 0), 0),
  };
  await countAttempts(context, attempts, lookedAt, crawlEnds(result, unasked));
  const failedPage = walk.kind === 'next' && !context.crawl ? pages.get(walk.step.page) : undefined;
  await openFailures(context, failedPage, result.items, fetched, tries, unasked);
  await platform.lake.put(resultKey(context), new TextEncoder().encode(JSON.stringify(result)));
}

/** The last try at each page of each item. */
type Fetched = ReadonlyMap<string, ReadonlyMap<number, Checkpoint>>;

function notePage(fetched: Map<string, Map<number, Checkpoint>>, checkpoint: Checkpoint): void {
  const { item, page = 0 } = checkpoint;
  const pages = fetched.get(item.id) ?? new Map<number, Checkpoint>();
  fetched.set(item.id, pages);
  if (isLaterTry(checkpoint, pages.get(page))) pages.set(page, checkpoint);
}

function itemsOf(
  { crawl }: PartitionJob,
  scope: 'partition' | 'items',
  walk: IndexWalk,
  fetched: Fetched,
): readonly ListedItem[] {
  if (scope === 'items') return [...fetched.values()].flatMap((pages) => pages.get(0)?.item ?? []);
  if (crawl) return crawl.items;
  return walk.kind === 'read' ? walk.items : [];
}

function isLaterTry(checkpoint: Checkpoint, than: Checkpoint | undefined): boolean {
  return !than || checkpoint.attempt.attempt_number > than.attempt.attempt_number;
}

/**
 * Of a partition without an index: the list that its targets gave, as old as the first look at one of them.
 */
function crawlResult(
  { crawl, source, platform }: PartitionJob,
  lookedAt: ReadonlyMap<string, number>,
): IndexResult | undefined {
  if (!crawl) return undefined;
  const first = Math.min(...lookedAt.values());
  const checkedAt = Number.isFinite(first) ? first : platform.clock.now();
  const { baseUrl: url = '', parserVersion } = source;
  return {
    kind: 'targets',
    index: { url, checkedAt, parserVersion, capture: null, ofTargets: true },
    targets: crawl.targets,
  };
}

function indexResult(
  { source }: PartitionJob,
  pages: ReadonlyMap<number, Checkpoint>,
  walk: IndexWalk,
): IndexResult {
  const first = pages.get(0);
  if (!first) return { kind: 'skipped', reason: 'the target is flagged' };
  if (walk.kind === 'next') {
    const { page } = walk.step;
    const message = `page ${page + 1} of the index was not asked for before the run gave up`;
    return { kind: 'failed', outcome: pages.get(page)?.outcome ?? { code: 'UNKNOWN_ERROR', message } };
  }
  const { checkedAt, capture, asOf, etag, lastModified } = evidenceOf(first);
  const oldest = Math.min(...[...pages.values()].map((page) => page.asOf ?? Number.NaN));
  // A list of several pages is never asked for conditionally: a 304 of one page says nothing of the others.
  const isOne = walk.pages === 1;
  return {
    kind: 'listed',
    index: {
      url: first.attempt.url,
      checkedAt,
      parserVersion: source.parserVersion,
      capture,
      ...(isOne && etag !== undefined && { etag }),
      ...(isOne && lastModified !== undefined && { lastModified }),
      ...(asOf !== undefined && Number.isFinite(oldest) && { asOf: oldest }),
      ...(!isOne && { pages: walk.pages }),
      ...(walk.sign !== undefined && { sign: walk.sign }),
    },
  };
}

/** Milliseconds; when the index was asked for that lists the items. */
function listedAt(pages: ReadonlyMap<number, Checkpoint>): number {
  return pages.get(0)?.lookedAt ?? 0;
}

function itemResult(
  context: PartitionJob,
  { status = 'ready', ...item }: ListedItem,
  pages: ReadonlyMap<number, Checkpoint> | undefined,
  checkedAt: number,
): ItemResult {
  if (status !== 'ready') return { item, attempts: 0, content: { kind: 'no-result', status, checkedAt } };
  const first = pages?.get(0);
  if (!pages || !first)
    return { item, attempts: 0, content: { kind: 'skipped', reason: 'it was not asked for' } };
  return { item, attempts: first.attempt.attempt_number, content: contentOf(context, item, pages, first) };
}

function noteTry(
  tries: Map<string, FailedTry[]>,
  { item, attempt, lookedAt, outcome, learned }: Checkpoint,
): void {
  // Pages that came are no tries of the one that did not.
  if (learned) return;
  const at = Date.parse(attempt.attempted_at);
  const note: FailedTry = {
    at,
    ...(lookedAt !== at && { lookedAt }),
    runId: attempt.run_id,
    code: outcome.code,
    message: outcome.message ?? null,
  };
  const known = tries.get(item.id);
  if (known) known.push(note);
  else tries.set(item.id, [note]);
}

/**
 * Adds the attempts to the records of their targets, and ends the crawls that this run has claimed.
 * `lookedAt`: of each attempt, by its id; milliseconds.
 */
async function countAttempts(
  context: PartitionJob,
  attempts: readonly AttemptRow[],
  lookedAt: ReadonlyMap<string, number>,
  endOf: ReturnType<typeof crawlEnds>,
): Promise<void> {
  const own = attempts.filter((attempt) => attempt.item_id !== 'robots.txt');
  const tried = Map.groupBy(own, (attempt) => attempt.target);
  const claimed = context.source.cadence.kind === 'every' ? (context.crawl?.targets ?? []) : [];
  for (const target of new Set([...tried.keys(), ...claimed])) {
    const ofIt = tried.get(target) ?? [];
    const lastLookAt = ofIt.reduce((last, { attempt_id }) => Math.max(last, lookedAt.get(attempt_id)!), 0);
    await countOf(context, target, ofIt, lastLookAt, endOf(target));
  }
}

async function countOf(
  { platform, source, runId, partition }: PartitionJob,
  target: string,
  attempts: readonly AttemptRow[],
  lastLookAt: number,
  end: Omit<CrawlEnd, 'at' | 'every' | 'date'>,
): Promise<void> {
  const times = attempts.map(({ attempted_at }) => Date.parse(attempted_at));
  const rotates = source.politeness.userAgents !== undefined;
  const place = `${source.name}#${partition.value}#${partition.date}`;
  const at = platform.clock.now();
  let ended: { readonly was: TargetRecord; readonly is: TargetRecord } | undefined;
  const isCounted = await new TargetStore(platform.state).update(
    source.name,
    target,
    (record) => {
      ended = undefined;
      const counted = attempts.reduce(
        (before, attempt) =>
          afterAttempt(
            before,
            { code: attempt.error_code },
            Date.parse(attempt.attempted_at),
            source,
            attempt.item_id === INDEX_ID ? 'index' : 'item',
          ),
        attempts.length > 0
          ? lookedAtLast(keepingRoute(record, attempts, rotates), lastLookAt, times)
          : record,
      );
      // Whoever has taken over a claim that ran out ends it.
      if (record.claim?.runId !== runId) return counted;
      const every = minutesOf(source.cadence);
      ended = { was: record, is: afterCrawl(counted, { ...end, at, every, date: partition.date }) };
      return ended.is;
    },
    { actor: BY_ITSELF, at },
    {
      kind: 'put',
      partition: `finalized#${runId}`,
      sort: target === partition.value ? place : `${place}#${target}`,
      value: true,
      expect: 'absent',
    },
  );
  if (!isCounted || !ended || end.code === null) return;
  const { was, is } = ended;
  const statuses = { was: was.status, status: is.status };
  platform.emit({ kind: 'crawled', source: source.name, target, code: end.code, ...statuses });
}

/**
 * The page that keeps an item from being whole; undefined where it is, or where nobody asked for that page.
 */
function failedPageOf(item: Item, fetched: Fetched): Checkpoint | undefined {
  const pages = fetched.get(item.id);
  const walk = walkItem(item, (page) => pages?.get(page)?.learned);
  return walk.kind === 'next' ? pages?.get(walk.page) : undefined;
}

/** How a failed item is asked for, where that is more than a GET of the address of its failure. */
function requestOf(
  item: Item | undefined,
  failedUrl: string,
  baseUrl: string | undefined,
): Pick<FailedItem, 'request'> {
  if (!item) return {};
  const { id: _, target: __, ...request } = item;
  const url = new URL(request.url, baseUrl).href;
  const isPlain = !request.method && !request.headers && request.body === undefined && url === failedUrl;
  return isPlain ? {} : { request: { ...request, url } };
}

async function openFailures(
  context: PartitionJob,
  index: Checkpoint | undefined,
  items: readonly ItemResult[],
  fetched: Fetched,
  tries: ReadonlyMap<string, readonly FailedTry[]>,
  unasked: readonly Item[],
): Promise<void> {
  const { source, runId } = context;
  const tried = [
    ...(index ? [index] : []),
    ...items.flatMap(({ item }) => failedPageOf(item, fetched) ?? []),
  ];
  const requests = new Map(items.map(({ item }) => [item.id, item]));
  const failed = tried
    .filter(({ outcome }) => DISPOSITIONS[outcome.code].opensFailure)
    .map(({ attempt, item, outcome }): FailedItem & { outcome: Outcome } => ({
      item: item.id,
      target: targetOf(item, context.partition),
      url: attempt.url,
      ...requestOf(requests.get(item.id), attempt.url, source.baseUrl),
      tries: tries.get(item.id)!.toSorted((a, b) => orderOf(a) - orderOf(b)),
      capture: attempt.capture,
      outcome,
    }));
  const at = timeOfId(runId);
  for (const item of unasked) {
    const { href } = new URL(item.url, source.baseUrl);
    const target = targetOf(item, context.partition);
    const untried = { at, runId, code: UNASKED.code, message: UNASKED.message };
    failed.push({
      item: item.id,
      target,
      url: href,
      ...requestOf(item, href, source.baseUrl),
      tries: [untried],
      capture: null,
      outcome: UNASKED,
    });
  }
  const register = new FailureStore(context.platform.state);
  const opened = await pLimit(FAILURES_AT_ONCE).map(failed, async ({ outcome, ...each }) => ({
    failure: await register.open(source.name, context.partition, each, runId),
    outcome,
    at: each.tries.at(-1)!.at,
  }));
  await queueFailures(context, opened);
}
