import { datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { PartitionJob } from '../job.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { ItemContent, ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Platform } from '../platform.ts';
import { publishResult } from '../publish/publish.ts';
import { recordPublish } from '../publish/record.ts';
import type { Row } from '../schema/columns.ts';
import { INDEX_ID } from '../scrape/progress.ts';
import type { Partition, Source } from '../source/source.ts';
import { type CapturedPage, CapturedPages, evidenceOf } from './captured-pages.ts';
import { mergeLogs } from './merge-logs.ts';

/** How a partition came out of being parsed again. `no-captures`: there is nothing to parse. */
export interface Reparsed {
  readonly partition: Partition;
  readonly result: PublishResult | 'no-captures';
  /** Pages that today's parser reads. */
  readonly pages: number;
  /** Pages that it cannot read either, with why. */
  readonly unreadable: readonly { readonly item: string; readonly outcome: Outcome }[];
}

/**
 * Reads the captures of a range of partitions with today's parser and publishes what comes out; no request is sent.
 * Of each page the newest capture that can be read counts; what was never captured stays as it is.
 */
export async function* reparse(
  platform: Platform,
  source: Source,
  range: DateRange,
  targets: readonly string[] = source.targets.map(({ id }) => id),
): AsyncGenerator<Reparsed> {
  for (const date of datesBetween(range.start, range.end)) {
    for (const target of targets) {
      // Each is a run of its own, so that it is on record as a whole whenever the command is interrupted.
      const runId = platform.newId();
      yield reparsePartition({ platform, source, runId, partition: { value: target, date } });
    }
  }
}

async function reparsePartition(context: PartitionJob): Promise<Reparsed> {
  const { platform, source, runId, partition } = context;
  const captures = await CapturedPages.of(context);
  const index = captures.index();
  if (!('items' in index)) {
    const { outcome } = index;
    const unreadable = outcome ? [{ item: INDEX_ID, outcome }] : [];
    return { partition, result: 'no-captures', pages: 0, unreadable };
  }
  const { checkedAt } = index.index;
  const items = index.items.map(({ id, url, status = 'ready' }): ItemResult => {
    const item = { id, url };
    const content: ItemContent =
      status === 'ready' ? contentOf(captures.item(item)) : { kind: 'no-result', status, checkedAt };
    return { item, attempts: 0, content };
  });
  const result: ScrapeResult = {
    runId,
    origin: 'captures',
    source: source.name,
    partition,
    parserVersion: source.parserVersion,
    index: { kind: 'listed', index: index.index },
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
  return { partition, result: answer, pages, unreadable };
}

function contentOf({ learned, found, outcome }: CapturedPage): ItemContent {
  if (!learned || !found) return outcome ? { kind: 'failed', outcome } : { kind: 'unseen' };
  const evidence = evidenceOf(found);
  if (learned.kind !== 'records')
    return { kind: 'empty', reason: learned.kind === 'empty' ? learned.reason : '', evidence };
  const lineage = {
    _run_id: found.runId,
    _source_url: found.capture.response.url,
    _scraped_at: new Date(found.capture.fetchedAt).toISOString(),
    _capture: found.place,
  };
  return {
    kind: 'records',
    evidence,
    records: learned.records.map((record): Row => ({ ...record, ...lineage })),
  };
}
