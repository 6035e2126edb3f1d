import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDirectoryObjectStore } from '../adapters/local/directory-object-store.ts';
import { datesBetween, parseCivilDate } from '../core/calendar/civil-date.ts';
import { readParquet } from '../core/lake/parquet.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import { columnsOf, type Row } from '../core/schema/columns.ts';
import type { Partition, Source } from '../core/source/source.ts';
import type { Window } from './command-line.ts';

/** Rows of another contender, of one partition. */
export type PeerRows = (partition: Partition) => Promise<readonly Row[]> | readonly Row[];

/**
 * Every row and every column of ours, as the lake has them after a run, held against a peer's. Throws at the
 * first that differs.
 */
export async function compareRows(
  source: Source,
  window: Window,
  directory: string,
  peer: { readonly name: string; readonly rows: PeerRows },
): Promise<void> {
  const columns = Object.keys(source.table.schema.shape);
  const keyOf = (row: Row) => source.table.rowKey.map((column) => row[column]).join('/');
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  let compared = 0;
  for (const partition of partitionsOf(source, window)) {
    const store = new PartitionVersions(lake, source.table, partition);
    const current = await store.current();
    const ours = current ? await store.rows(current.descriptor) : [];
    const theirs = new Map((await peer.rows(partition)).map((row) => [keyOf(row), row]));
    const place = placeName(partition);
    if (ours.length !== theirs.size)
      throw new Error(`${place}: Rescrape has ${ours.length} rows, ${peer.name} ${theirs.size}`);
    for (const row of ours) {
      const other = theirs.get(keyOf(row));
      if (!other) throw new Error(`${place}, ${keyOf(row)}: only Rescrape has it`);
      const differs = columns.find((column) => row[column] !== other[column]);
      if (differs === undefined) continue;
      const [mine, its] = [row, other].map((each) => JSON.stringify(each[differs]));
      throw new Error(
        `${place}, ${keyOf(row)}: Rescrape reads ${differs} as ${mine}, ${peer.name} as ${its}`,
      );
    }
    compared += ours.length;
  }
  lake.close();
  console.log(`  ${peer.name} reads the same: ${compared} rows, ${columns.length} columns`);
}

/** What `crawlee-pages.ts` wrote: one list; `placeOf` tells the partition of a row, `gb/2025-10-31`. */
export function rowsOfJson(file: string, placeOf: (row: Row) => string): PeerRows {
  const rows = Map.groupBy(JSON.parse(readFileSync(file, 'utf8')) as Row[], placeOf);
  return (partition) => rows.get(placeName(partition)) ?? [];
}

/** What a spider wrote: a folder a partition, as Hive names them. */
export function rowsOfParquet(source: Source, directory: string): PeerRows {
  const [value, date] = source.table.partitionBy;
  const columns = columnsOf(source.table.schema);
  return async (partition) => {
    const folder = join(directory, `${value}=${partition.value}`, `${date}=${partition.date}`);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    const rows = files.map((file) => readParquet(readFileSync(join(folder, file)), columns));
    return (await Promise.all(rows)).flat();
  };
}

function placeName({ value, date }: Partition): string {
  return `${value}/${date}`;
}

function* partitionsOf(source: Source, { start, end }: Window): Generator<Partition> {
  const [first, last] = [parseCivilDate(start), parseCivilDate(end)];
  if (first === undefined || last === undefined) throw new Error(`${start} to ${end} is no window`);
  for (const { id } of source.targets)
    for (const date of datesBetween(first, last)) yield { value: id, date };
}
