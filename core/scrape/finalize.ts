import type { PartitionJob } from '../job.ts';
import { partitionWorkPrefix } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import type { CurrentVersion } from '../lake/manifest.ts';
import type { ScrapeResult } from '../lake/scrape-result.ts';
import { parseStored } from '../lake/stored-json.ts';
import { survivesJson } from '../lake/survives-json.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Item, ListedItem } from '../source/source.ts';
import { appendAttempts } from './attempt-log.ts';
import { countAttempts } from './count-attempts.ts';
import { crawlEnds } from './crawl-ends.ts';
import { indexResult, listOfTargets } from './index-result.ts';
import { type IndexWalk, walkIndex } from './index-walk.ts';
import { changesOf, changesOfAttempt } from './item-changes.ts';
import { inPageOrder, itemResult } from './item-content.ts';
import { knownVersion } from './known-page.ts';
import { openFailures } from './open-failures.ts';
import { type LastTries, type RecordedAttempts, recordedAttempts } from './recorded-attempts.ts';
import { encodeResult } from './result-bytes.ts';

const NO_PAGES: LastTries = new Map();

export function resultKey({ runId, source, partition }: PartitionJob): string {
  return `${partitionWorkPrefix(runId, source.name, partition)}result.json`;
}

/** Asks for one byte: a store of files reads a whole object for its head. */
export async function isFinalized(context: PartitionJob): Promise<boolean> {
  return (await context.platform.lake.getRange(resultKey(context), 0, 1)) !== undefined;
}

/**
 * The finalized result; undefined before the scrape has ended. In memory it is there for one reader. Throws a
 * CorruptLakeError where it cannot be read.
 */
export async function readResult(context: PartitionJob): Promise<ScrapeResult | undefined> {
  const kept = takeResult(context);
  if (kept) return kept;
  const key = resultKey(context);
  const stored = await context.platform.lake.get(key);
  return stored && parseStored<ScrapeResult>(key, stored.body);
}

/** What this process remembers of the result, which it then no longer does. */
export function takeResult(context: PartitionJob): ScrapeResult | undefined {
  return context.platform.finalized?.take(resultKey(context));
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
  readonly known?: CurrentVersion | undefined;
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
  const recorded = await recordedAttempts(context);
  const { index, items: pagesOf } = recorded;
  const walk = walkIndex('', (page) => index.get(page)?.learned);
  const listedAt = index.get(0)?.lookedAt ?? 0;
  const items = itemsOf(context, scope, walk, pagesOf).map((item) =>
    itemResult(context, item, pagesOf.get(item.id), listedAt),
  );
  const over = 'known' in options ? options.known : await knownVersion(context);
  const pagesInOrder = (id: string) => inPageOrder(pagesOf.get(id) ?? NO_PAGES);
  const changes = await changesOf(context, over?.descriptor, items, pagesInOrder);
  const rows = recorded.attempts.map((checkpoint): AttemptRow => {
    return { ...checkpoint.attempt, ...changesOfAttempt(changes, checkpoint) };
  });
  await appendAttempts(context, rows);

  const firstLookAt = recorded.attempts[0]?.lookedAt ?? platform.clock.now();
  const indexOf = () =>
    context.crawl
      ? listOfTargets(source, context.crawl.targets, firstLookAt)
      : indexResult(context, index, walk);
  const result: ScrapeResult = {
    runId,
    origin: 'site',
    source: source.name,
    partition,
    parserVersion: source.parserVersion,
    schema: tableSchema(source.table).fingerprint,
    index: scope === 'items' ? { kind: 'none' } : indexOf(),
    items,
    ...(context.crawl?.leftOut && { leftOut: context.crawl.leftOut }),
    attempts: rows.length,
    wireBytes: rows.reduce((sum, row) => sum + (row.wire_bytes ?? 0), 0),
    ...(over && { over }),
  };
  await countAttempts(context, recorded.attempts, crawlEnds(result, unasked));
  const failedPage = walk.kind === 'next' && !context.crawl ? index.get(walk.step.page) : undefined;
  await openFailures(context, recorded, failedPage, items, unasked);
  const key = resultKey(context);
  const stored = encodeResult(result, pagesInOrder, ({ attempt }) =>
    source.combine ? undefined : recorded.texts.get(attempt.attempt_id),
  );
  const packed = partitionWorkPrefix(runId, source.name, partition);
  await platform.lake.put(key, stored, { packed });
  // Whoever reads what is stored must find the same.
  if (platform.finalized && survivesJson(result)) platform.finalized.keep(key, result, stored.length);
}

function itemsOf(
  { crawl }: PartitionJob,
  scope: 'partition' | 'items',
  walk: IndexWalk,
  pagesOf: RecordedAttempts['items'],
): readonly ListedItem[] {
  if (scope === 'items') return [...pagesOf.values()].flatMap((pages) => pages.get(0)?.item ?? []);
  if (crawl) return crawl.items;
  return walk.kind === 'read' ? walk.items : [];
}
