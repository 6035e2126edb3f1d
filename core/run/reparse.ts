import { datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { PartitionJob } from '../job.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { ItemContent, ItemResult, PageEvidence, ScrapeResult } from '../lake/scrape-result.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Platform } from '../platform.ts';
import { publishResult } from '../publish/publish-over.ts';
import { recordPublish } from '../publish/record.ts';
import type { Row } from '../schema/columns.ts';
import { crawlOf } from '../scrape/crawl.ts';
import { contentOfPages } from '../scrape/item-content.ts';
import { byValue, targetsNamed } from '../source/partition.ts';
import type { Partition, Source } from '../source/source.ts';
import { targetsOf } from '../targets/register.ts';
import {
  type CapturedIndex,
  type CapturedItem,
  CapturedPages,
  type DamagedCapture,
  evidenceOf,
  type ReadPage,
} from './captured-pages.ts';
import { mergeLogs } from './merge-logs.ts';

/** How a partition came out of being parsed again. `no-captures`: there is nothing to parse. */
export interface Reparsed {
  readonly partition: Partition;
  readonly result: PublishResult | 'no-captures';
  /** Pages that today's parser reads. */
  readonly pages: number;
  /** Pages that it cannot read either, with why. */
  readonly unreadable: readonly { readonly item: string; readonly outcome: Outcome }[];
  /** Captures that are damaged: what they held is parsed from earlier ones, where there are any. */
  readonly damaged: readonly DamagedCapture[];
}

/**
 * Reads the captures of a range of partitions with today's parser and publishes what comes out; no request is
 * sent. Of each page the newest capture that can be read counts; what was never captured stays as it is.
 */
export async function* reparse(
  platform: Platform,
  source: Source,
  range: DateRange,
  targets?: readonly string[],
): AsyncGenerator<Reparsed> {
  const named = targetsNamed(source, await targetsOf(platform.state, source), targets);
  const values = 'unknown' in named ? [] : [...byValue(source, named)];
  for (const date of datesBetween(range.start, range.end)) {
    for (const [value, meant] of values) {
      const work = { value, date: String(date), targets: meant.map(({ id }) => id) };
      const crawl = await crawlOf(platform, source, work);
      const partition = { value, date };
      // Each is a run of its own, so that it is on record as a whole whenever the command is interrupted.
      const runId = platform.newId();
      yield reparsePartition({ platform, source, runId, partition, ...(crawl && { crawl }) });
    }
  }
}

async function reparsePartition(context: PartitionJob): Promise<Reparsed> {
  const { platform, source, runId, partition } = context;
  const captures = await CapturedPages.of(context);
  const { damaged } = captures;
  const index = context.crawl ? crawledItems(context, captures) : captures.index();
  if (!('items' in index)) {
    const { outcome } = index;
    const unreadable = outcome ? [{ item: INDEX_ID, outcome }] : [];
    return { partition, result: 'no-captures', pages: 0, unreadable, damaged };
  }
  const { checkedAt } = index.index;
  const items = index.items.map(({ id, url, status = 'ready', ...more }): ItemResult => {
    const item = { id, url, ...more };
    const content: ItemContent =
      status === 'ready' ? contentOf(source, captures.item(item)) : { kind: 'no-result', status, checkedAt };
    return { item, attempts: 0, content };
  });
  const result: ScrapeResult = {
    runId,
    origin: 'captures',
    source: source.name,
    partition,
    parserVersion: source.parserVersion,
    index: context.crawl
      ? { kind: 'targets', index: index.index, targets: context.crawl.targets }
      : { kind: 'listed', index: index.index },
    items,
    attempts: 0,
    wireBytes: 0,
  };
  const answer = await publishResult(context, result);
  await recordPublish(context, result, answer, 'reparse');
  await mergeLogs(platform, source, runId, [partition]);
  platform.emit({ kind: 'published', source: source.name, partition, result: answer });
  const unreadable = items.flatMap(({ item, content }) =>
    content.kind === 'failed' ? [{ item: item.id, outcome: content.outcome }] : [],
  );
  const pages = items.filter(({ content }) => content.kind === 'records' || content.kind === 'empty').length;
  return { partition, result: answer, pages, unreadable, damaged };
}

/**
 * Of a partition without an index: the items of its targets that were ever captured; nothing where none was.
 */
function crawledItems(
  { crawl, source }: PartitionJob,
  captures: CapturedPages,
): CapturedIndex | { readonly outcome?: Outcome } {
  const items = crawl!.items.filter((item) => captures.has(item));
  if (items.length === 0) return {};
  const { baseUrl: url = '', parserVersion } = source;
  return { index: { url, parserVersion, checkedAt: 0, capture: null, ofTargets: true }, items };
}

function contentOf(source: Source, { pages, outcome }: CapturedItem): ItemContent {
  const [first] = pages ?? [];
  if (!pages || !first) return outcome ? { kind: 'failed', outcome } : { kind: 'unseen' };
  const looks = pages.map(({ found }) => evidenceOf(found));
  const absent = pages.flatMap((page) => page.absent ?? []);
  const evidence: PageEvidence =
    pages.length === 1
      ? looks[0]!
      : {
          checkedAt: Math.max(...looks.map(({ checkedAt }) => checkedAt)),
          capture: looks[0]!.capture,
          asOf: Math.min(...looks.map(({ asOf }) => asOf)),
          pages: pages.length,
          ...(absent.length > 0 && { absent }),
        };
  return contentOfPages(source, pages.flatMap(rowsOf), pages, evidence);
}

function rowsOf({ learned, found }: ReadPage): Row[] {
  if (learned.kind !== 'records') return [];
  const lineage = {
    _run_id: found.runId,
    _source_url: found.capture.response.url,
    _scraped_at: new Date(found.capture.fetchedAt).toISOString(),
    _capture: found.place,
  };
  return learned.records.map((record) => ({ ...record, ...lineage }));
}
