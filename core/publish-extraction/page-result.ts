import pLimit from 'p-limit';
import type { PublisherContext } from '../extract/extract-context.ts';
import type { ExtractionTable } from '../extract/extraction.ts';
import { type PageChange, pageChangesOf } from '../extract/page-changes.ts';
import { addressOfPage, itemOfPage, pageKeyText } from '../extract/page-key.ts';
import { readResult } from '../extract/result-object.ts';
import type { PartitionJob } from '../job.ts';
import type { ItemContent, ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import { rowSchemaOf, type VersionItem } from '../lake/version.ts';
import type { PageKey } from '../ports/page-library.ts';
import { derivedResult } from '../publish-derived/derived-result.ts';
import type { BeforeIt } from '../publish-derived/publish-partition.ts';
import { cellsOf, type Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Item, Partition } from '../source/source.ts';
import type { LabelledPage, LabelledPartition } from './labelled-now.ts';

/** Results, or records of pages, that are read side by side. */
const READS_AT_ONCE = 16;

/** A marker with what was read for it: the revision of the record of its page, 0 for none. */
export interface ReadMark {
  readonly change: PageChange;
  readonly record: number;
}

/** The marked pages of a partition, read before their results: who ends a try later marks them again. */
export async function readMarks(context: PublisherContext, partition: Partition): Promise<ReadMark[]> {
  const changes = await Array.fromAsync(pageChangesOf(context.state, context.extraction.name, partition));
  return pLimit(READS_AT_ONCE).map(changes, async (change) => {
    return { change, record: (await context.pages.get(pageKeyText(change.page))).revision };
  });
}

export interface PageResult {
  readonly result: ScrapeResult;
  /** Results that are there and that nobody can read. */
  readonly unreadable: number;
}

/**
 * What the labelled pages of a partition come to in one of its tables, as a scrape of them: results are read
 * of those that are marked, and of those that the current version does not have. `seenAt`: when the pages
 * were looked at, in milliseconds.
 */
export async function pageResult(
  context: PublisherContext,
  table: ExtractionTable,
  job: Omit<PartitionJob, 'crawl'>,
  labelled: LabelledPartition,
  marks: readonly ReadMark[],
  { current, lookedAt }: BeforeIt,
  seenAt: number,
): Promise<PageResult> {
  const before = new Map(current?.items.map((item) => [item.id, item]));
  const marked = new Map(marks.map(({ change }) => [itemOfPage(change.page), change.page]));
  const today = tableSchema(job.source.table).fingerprint;
  let unreadable = 0;
  const contentOf = async (id: string, page: PageKey): Promise<ItemContent | undefined> => {
    const read = await readResult(context.lake, context.extraction, page);
    if (read.kind === 'none') return undefined;
    if (read.kind === 'unreadable') {
      unreadable++;
      return { kind: 'failed', outcome: { code: 'VALIDATION_ERROR', message: read.reason } };
    }
    const evidence = { checkedAt: lookedAt, capture: null };
    const lineage = {
      _run_id: read.page.batchId ?? job.runId,
      _source_url: addressOfPage(page),
      _scraped_at: read.page.extractedAt ?? new Date(read.putAt).toISOString(),
      _capture: null,
    };
    const rows = table.rowsOf(read.answer, read.page).map((record): Row => {
      return { ...cellsOf(table.schema, record), ...lineage };
    });
    if (rows.some((row) => row[table.itemKey] !== id))
      throw new Error(`${table.table}: a row of ${pageKeyText(page)} is of another page`);
    if (rows.length > 0) return { kind: 'records', records: rows, evidence };
    return { kind: 'empty', reason: 'its result has no row here', evidence };
  };
  const items = await pLimit(READS_AT_ONCE).map(labelled.pages, async (each): Promise<ItemResult> => {
    const id = itemOfPage(each.page);
    const isMarked = marked.delete(id);
    const was = before.get(id);
    before.delete(id);
    // Of another schema: what the result says is there to be read for this one.
    const isOld = was !== undefined && was.rows > 0 && rowSchemaOf(was, current!) !== today;
    const isRead = isMarked || (each.state === 'done' && (isOld || !isThere(was)));
    const content = (isRead ? await contentOf(id, each.page) : undefined) ?? withoutRows(each, was, seenAt);
    return { item: itemOf(each.page, id), content, attempts: 0 };
  });
  // Results of pages that have lost their label, or had none when they were looked at.
  for (const [id, page] of marked) {
    const content = await contentOf(id, page);
    if (content) items.push({ item: itemOf(page, id), content, attempts: 0 });
    if (content) before.delete(id);
  }
  for (const item of before.values())
    if (item.rows > 0 || isThere(item)) items.push({ item, content: { kind: 'unseen' }, attempts: 0 });
  return { result: derivedResult(job, lookedAt, items), unreadable };
}

function itemOf(page: PageKey, id: string): Item {
  return { id, url: addressOfPage(page) };
}

/** True for what was read as it should. */
function isThere(item: VersionItem | undefined): boolean {
  return item?.state === 'found' || item?.state === 'empty';
}

/** Of a page whose result was not read, or is not there. */
function withoutRows(
  { state, reason }: LabelledPage,
  was: VersionItem | undefined,
  seenAt: number,
): ItemContent {
  // Another publication may have come after this look at the pages: what it found is there.
  if (state === 'done' || (isThere(was) && was!.checkedAt >= seenAt)) return { kind: 'unseen' };
  if (state === 'pending') return { kind: 'no-result', status: 'pending', checkedAt: seenAt };
  return { kind: 'failed', outcome: { code: 'VALIDATION_ERROR', message: reason } };
}
