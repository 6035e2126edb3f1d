import { validatorsOf } from '../fetch/validators.ts';
import type { PartitionJob } from '../job.ts';
import type { ItemContent, ItemResult, PageEvidence } from '../lake/scrape-result.ts';
import type { Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { type Item, type ListedItem, rowKeyOf, type Source } from '../source/source.ts';
import type { Checkpoint } from './checkpoint.ts';
import { itemHash } from './item-changes.ts';
import { walkItem } from './item-walk.ts';
import type { LastTries } from './recorded-attempts.ts';

/** Characters of what several pages say of their being empty. */
const MAX_REASON = 1000;

/** What became of a listed item. `listedAt`: when the index was asked for; milliseconds. */
export function itemResult(
  context: PartitionJob,
  { status = 'ready', ...item }: ListedItem,
  pages: LastTries | undefined,
  listedAt: number,
): ItemResult {
  if (status !== 'ready')
    return { item, attempts: 0, content: { kind: 'no-result', status, checkedAt: listedAt } };
  const first = pages?.get(0);
  if (!pages || !first)
    return { item, attempts: 0, content: { kind: 'skipped', reason: 'it was not asked for' } };
  return { item, attempts: first.attempt.attempt_number, content: contentOf(context, item, pages, first) };
}

/** What became of an item, by the last try at each of its pages; `first` is that at its own request. */
function contentOf(context: PartitionJob, item: Item, pages: LastTries, first: Checkpoint): ItemContent {
  const walk = walkItem(item, (page) => pages.get(page)?.learned);
  if (walk.kind === 'next') {
    const failed = pages.get(walk.page);
    if (failed) return { kind: 'failed', outcome: failed.outcome };
    return { kind: 'skipped', reason: `its request ${walk.page + 1} was not made` };
  }
  const { learned } = first;
  if (learned?.kind === 'unchanged') return { kind: 'unchanged', evidence: evidenceOf(first) };
  const evidence = walk.pages === 1 ? evidenceOf(first) : evidenceOfAll(first, [...pages.values()]);
  const inOrder = inPageOrder(pages);
  const rows = inOrder.flatMap((checkpoint) => rowsOf(context, checkpoint));
  const content = contentOfPages(context.source, rows, inOrder, evidence);
  const other = otherSchemaOf(context, inOrder);
  return content.kind === 'records' && other !== undefined ? { ...content, schema: other } : content;
}

/** That of pages which a program with another schema read before this one took its work up. */
function otherSchemaOf(
  { source }: PartitionJob,
  pages: readonly Pick<Checkpoint, 'schema'>[],
): string | undefined {
  const { fingerprint } = tableSchema(source.table);
  return pages.find(({ schema = fingerprint }) => schema !== fingerprint)?.schema;
}

/** An item of which every page came: where none of them has rows, those that say so speak for it. */
export function contentOfPages(
  source: Source,
  rows: readonly Row[],
  pages: readonly Pick<Checkpoint, 'learned'>[],
  evidence: PageEvidence,
): ItemContent {
  const records = source.combine ? source.combine(rows) : rows;
  const twice = source.combine && repeatedKey(source, records);
  if (twice !== undefined) {
    const message = `row key ${twice} stands twice in the rows that the pages of the item combine to`;
    return { kind: 'failed', outcome: { code: 'VALIDATION_ERROR', message } };
  }
  if (records.length > 0)
    return { kind: 'records', evidence, records, contentHash: itemHash(source.table, records) };
  const reasons = pages.flatMap(({ learned }) => (learned?.kind === 'empty' ? [learned.reason] : []));
  return { kind: 'empty', reason: reasons.join('; ').slice(0, MAX_REASON), evidence };
}

function repeatedKey(source: Source, rows: readonly Row[]): string | undefined {
  const seen = new Set<string>();
  return rows.map((row) => rowKeyOf(source, row)).find((key) => seen.size === seen.add(key).size);
}

export function inPageOrder(pages: LastTries): Checkpoint[] {
  return [...pages].sort(([a], [b]) => a - b).map(([, checkpoint]) => checkpoint);
}

/** The rows of one page, each with the way back to it. */
function rowsOf({ runId }: PartitionJob, page: Checkpoint): Row[] {
  const { learned } = page;
  if (learned?.kind !== 'records') return [];
  const lineage = lineageOf(runId, page);
  return learned.records.map((record) => ({ ...record, ...lineage }));
}

/** What a row has beside what its page says. */
export function lineageOf(runId: string, { attempt }: Checkpoint): Row {
  return {
    _run_id: runId,
    _source_url: attempt.final_url ?? attempt.url,
    _scraped_at: attempt.attempted_at,
    _capture: attempt.capture,
  };
}

/**
 * Of an item that took several requests: no validators, because a 304 of one page says nothing of the others.
 */
function evidenceOfAll(first: Checkpoint, pages: readonly Checkpoint[]): PageEvidence {
  const absent = pages.flatMap(({ attempt, learned }) =>
    learned?.kind === 'empty' && attempt.capture === null ? [attempt.url] : [],
  );
  const oldest = Math.min(...pages.map(({ asOf }) => asOf ?? Number.NaN));
  return {
    checkedAt: Math.max(...pages.map(({ lookedAt }) => lookedAt)),
    capture: first.attempt.capture,
    ...(Number.isFinite(oldest) && { asOf: oldest }),
    pages: pages.length,
    ...(absent.length > 0 && { absent }),
  };
}

export function evidenceOf({ attempt, lookedAt, etag, lastModified, asOf }: Checkpoint): PageEvidence {
  return {
    checkedAt: lookedAt,
    capture: attempt.capture,
    ...validatorsOf({ etag, lastModified }),
    ...(asOf !== undefined && { asOf }),
  };
}
