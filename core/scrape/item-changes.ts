import type { PartitionJob } from '../job.ts';
import { rowsByItem } from '../lake/carried-rows.ts';
import { contentHash } from '../lake/content-hash.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { unlessCorrupt } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { ItemResult } from '../lake/scrape-result.ts';
import type { VersionDescriptor, VersionItem } from '../lake/version.ts';
import { type Row, tableColumns } from '../schema/columns.ts';
import { rowKeyOf, type Source, type Table } from '../source/source.ts';
import type { Checkpoint } from './checkpoint.ts';

/** What an attempt brings that the version which was current when it was made has not; null: nobody knows. */
export type Changes = Pick<AttemptRow, 'records_upserted' | 'snapshots_created'>;

const NOTHING: Changes = { records_upserted: 0, snapshots_created: 0 };
const UNKNOWN: Changes = { records_upserted: null, snapshots_created: null };

/**
 * The changes of the attempts that brought whole items home, by the id of the attempt; all others bring none.
 * `known`: the version that was current. Its rows are read only where an item's content is not what it was.
 */
export async function changesOf(
  { platform, source, partition }: PartitionJob,
  known: VersionDescriptor | undefined,
  items: readonly ItemResult[],
  pagesOf: (id: string) => readonly Checkpoint[],
): Promise<ReadonlyMap<string, Changes>> {
  const { table } = source;
  const before = new Map(known?.items.map((item) => [item.id, item]));
  let read: Promise<Map<string, Row[]>> | undefined;
  const rowsOf = async (item: VersionItem | undefined): Promise<readonly Row[]> => {
    if (!known || !item || item.rows === 0) return [];
    const versions = new PartitionVersions(platform.lake, table, partition);
    read ??= versions.rows(known).then((rows) => rowsByItem(table.itemKey, rows));
    return (await read).get(item.id) ?? [];
  };
  const changes = new Map<string, Changes>();
  for (const { item, content } of items) {
    if (content.kind !== 'records' && content.kind !== 'empty') continue;
    const was = before.get(item.id);
    if (content.kind === 'records' && was?.contentHash === content.contentHash) continue;
    const there = await rowsOf(was).catch(unlessCorrupt);
    const rows = content.kind === 'records' ? content.records : [];
    const pages = rowsByPage(source, rows, pagesOf(item.id));
    if (!there) for (const { id } of pages) changes.set(id, UNKNOWN);
    else for (const [id, each] of compared(table, there, pages)) changes.set(id, each);
  }
  return changes;
}

/** What the attempt at one page of an item brought of its rows. */
interface PageRows {
  readonly id: string;
  readonly rows: readonly Row[];
}

/** Where rows of several pages are combined they are the item's, and come with its last page. */
function rowsByPage(
  { combine }: Source,
  rows: readonly Row[],
  pages: readonly Checkpoint[],
): readonly PageRows[] {
  return pages.map(({ learned, attempt }, at): PageRows => {
    const own = learned?.kind === 'records' ? learned.records : [];
    const combined = at === pages.length - 1 ? rows : [];
    return { id: attempt.attempt_id, rows: combine ? combined : own };
  });
}

/** The last page of an item makes it whole: with it a version can hold what is new. */
function* compared(
  table: Table,
  there: readonly Row[],
  pages: readonly PageRows[],
): Generator<readonly [string, Changes]> {
  const facts = factsOf(table);
  const known = new Map(there.map((row) => [rowKeyOf({ table }, row), facts(row)]));
  const isNewRow = (row: Row) => known.get(rowKeyOf({ table }, row)) !== facts(row);
  let count = 0;
  let changed = 0;
  for (const [at, { id, rows }] of pages.entries()) {
    const upserted = known.size === 0 ? rows.length : rows.filter(isNewRow).length;
    count += rows.length;
    changed += upserted;
    const isNew = at === pages.length - 1 && (changed > 0 || count < there.length);
    yield [id, { records_upserted: upserted, snapshots_created: isNew ? 1 : 0 }];
  }
}

/** What an attempt at an item brings that `changesOf` says nothing of. */
export function changesOfAttempt(changes: ReadonlyMap<string, Changes>, checkpoint: Checkpoint): Changes {
  if (checkpoint.kind !== 'item') return UNKNOWN;
  return changes.get(checkpoint.attempt.attempt_id) ?? NOTHING;
}

/** Tells the rows of one item from others of it, lineage left out. */
export function itemHash(table: Table, rows: readonly Row[]): string {
  return contentHash(tableColumns(table.schema), rows);
}

function factsOf({ schema }: Table): (row: Row) => string {
  const own = tableColumns(schema).flatMap(({ name }) => (name.startsWith('_') ? [] : [name]));
  return (row) => JSON.stringify(own.map((name) => row[name] ?? null));
}
