import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';

/**
 * The lake as anybody finds it who knows its layout and nothing of our code: manifests are read as files,
 * what they name is read as Parquet.
 */
export type ReadRow = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Current rows by `country=gb/date=2026-11-20`. Throws where a manifest names a file that is not there or not
 * whole.
 */
export async function currentRows(
  directory: string,
  table = 'racing_results',
): Promise<Map<string, ReadRow[]>> {
  const rows = new Map<string, ReadRow[]>();
  const root = join(directory, 'lake', 'tables', table);
  for (const manifest of filesUnder(root)) {
    const partition = manifest.slice(root.length + 1, -'/manifest'.length);
    const lines = readFileSync(manifest, 'utf8').trimEnd().split('\n');
    rows.set(partition, (await Promise.all(lines.map(readParquetFile))).flat());
  }
  return rows;
}

/**
 * Current rows as `currentRows` has them, in one order and without the columns that say where they come from.
 */
export async function factsIn(directory: string): Promise<Record<string, object[]>> {
  const order = (row: ReadRow) => `${row.race_id}/${row.horse_id}`;
  const facts = (row: ReadRow) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_')));
  const partitions = [...(await currentRows(directory))].map(([name, rows]) => [
    name,
    rows.toSorted((a, b) => order(a).localeCompare(order(b))).map(facts),
  ]);
  return Object.fromEntries(partitions);
}

/**
 * Rows of an append-only table: the files of its runs, and of runs that are in none of them those of the
 * partitions. A run that has ended must be in one, see `tableRows`.
 */
export async function logRows(directory: string, table: 'attempts' | 'commits' | 'runs'): Promise<ReadRow[]> {
  const rows = await tableRows(directory, table);
  const ended = new Set(rows.map(({ run_id }) => run_id));
  const folder = join(directory, 'lake', table, '_partitions');
  const own = [...filesUnder(folder)].filter((file) => file.endsWith('.jsonl.gz'));
  const others = own.flatMap(readJsonLinesFile);
  return [...rows, ...others.filter(({ run_id }) => !ended.has(run_id))];
}

/**
 * Rows of an append-only table as query engines see them: they pass over names with an underscore in front.
 */
export async function tableRows(
  directory: string,
  table: 'attempts' | 'commits' | 'runs',
): Promise<ReadRow[]> {
  const root = join(directory, 'lake', table);
  const files = [...filesUnder(root)].filter((file) => !file.slice(root.length).includes('/_'));
  return (await Promise.all(files.map(readParquetFile))).flat();
}

function readJsonLinesFile(path: string): ReadRow[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ReadRow);
}

export async function readParquetFile(path: string): Promise<ReadRow[]> {
  const bytes = readFileSync(path);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    compressors: { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) },
  });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
}

/**
 * Every file below a folder, in no order; none where there is no such folder. Names with a dot in front are
 * the store's own.
 */
export function* filesUnder(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function plain(value: unknown): string | number | boolean | null {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return Number(value);
  return value as string | number | boolean | null;
}
