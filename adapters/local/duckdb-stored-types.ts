import type { DuckDBConnection } from '@duckdb/node-api';
import { fileList, type LocalTable, type StoredTypes } from './duckdb-relation.ts';
import { fileStamp } from './file-stamp.ts';
import type { RememberedColumns } from './remembered-columns.ts';

/**
 * The columns of each file as its footer names them, one map for all files that are alike. Undefined of a
 * file that is gone or damaged: reading it tells.
 */
export async function storedTypes(
  connection: DuckDBConnection,
  { files, stamps }: Pick<LocalTable, 'files' | 'stamps'>,
  remembered: RememberedColumns | undefined,
): Promise<(file: string) => StoredTypes | undefined> {
  const columns = new Map<string, string>();
  const unknown: string[] = [];
  for (const file of files) {
    const before = remembered?.recall(file, stamps?.get(file));
    if (before === undefined) unknown.push(file);
    else columns.set(file, before);
  }
  if (unknown.length > 0) {
    const stamps = new Map(unknown.map((file) => [file, fileStamp(file)]));
    const found = await footersOf(connection, unknown);
    for (const [file, text] of found) columns.set(file, text);
    remembered?.remember(
      [...found].flatMap(([path, text]) => {
        const stamp = stamps.get(path);
        return stamp === undefined ? [] : [{ path, stamp, columns: text }];
      }),
    );
  }
  const maps = new Map([...new Set(columns.values())].map((text) => [text, parse(text)]));
  return (file) => maps.get(columns.get(file) ?? '');
}

/** The whole list in one statement; where a file of it cannot be read, each half of it for itself. */
async function footersOf(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<Map<string, string>> {
  try {
    return await readFooters(connection, files);
  } catch {
    if (files.length <= 1) return new Map();
    const half = Math.ceil(files.length / 2);
    const first = await footersOf(connection, files.slice(0, half));
    return new Map([...first, ...(await footersOf(connection, files.slice(half)))]);
  }
}

async function readFooters(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<Map<string, string>> {
  // The root of a schema, and a column that is a list or a struct, have children.
  const reader = await connection.runAndReadAll(
    `SELECT file_name, name, replace(duckdb_type, ' ', '') FROM parquet_schema(${fileList(files)})
     WHERE num_children IS NULL ORDER BY file_name, name`,
  );
  const columns = new Map<string, [string, string][]>();
  for (const [file, name, type] of reader.getRows()) {
    const of = columns.get(String(file)) ?? [];
    columns.set(String(file), of);
    of.push([String(name), String(type)]);
  }
  return new Map([...columns].map(([file, of]) => [file, JSON.stringify(of)]));
}

function parse(text: string): StoredTypes {
  return new Map(JSON.parse(text) as [string, string][]);
}
