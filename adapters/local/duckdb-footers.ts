import type { DuckDBConnection } from '@duckdb/node-api';
import { fileList, type LocalTable, type StoredTypes } from './duckdb-relation.ts';
import { fileStamp } from './file-stamp.ts';
import type { RememberedFooter, RememberedFooters } from './remembered-footers.ts';

/** What the footer of a file says. */
export interface Footer {
  /** One map for all files that are alike. */
  readonly types: StoredTypes;
  readonly rows: number;
}

/** The footer of each file, of none that is gone or damaged: reading it tells. */
export async function footersOf(
  connection: DuckDBConnection,
  { files, stamps }: Pick<LocalTable, 'files' | 'stamps'>,
  remembered: RememberedFooters | undefined,
): Promise<ReadonlyMap<string, Footer>> {
  const footers = new Map<string, RememberedFooter>();
  const unknown: string[] = [];
  for (const file of files) {
    const before = remembered?.recall(file, stamps?.get(file));
    if (before === undefined) unknown.push(file);
    else footers.set(file, before);
  }
  if (unknown.length > 0) {
    const stamps = new Map(unknown.map((file) => [file, fileStamp(file)]));
    const found = await readBisecting(connection, unknown);
    for (const [file, footer] of found) footers.set(file, footer);
    remembered?.remember(
      [...found].flatMap(([path, footer]) => {
        const stamp = stamps.get(path);
        return stamp === undefined ? [] : [{ path, stamp, ...footer }];
      }),
    );
  }
  const maps = new Map<string, StoredTypes>();
  for (const { columns } of footers.values()) if (!maps.has(columns)) maps.set(columns, parse(columns));
  return new Map(
    [...footers].map(([file, { columns, rows }]) => [file, { types: maps.get(columns)!, rows }]),
  );
}

/** The whole list in one statement; where a file of it cannot be read, each half of it for itself. */
async function readBisecting(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<Map<string, RememberedFooter>> {
  try {
    return await readFooters(connection, files);
  } catch {
    if (files.length <= 1) return new Map();
    const half = Math.ceil(files.length / 2);
    const first = await readBisecting(connection, files.slice(0, half));
    return new Map([...first, ...(await readBisecting(connection, files.slice(half)))]);
  }
}

async function readFooters(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<Map<string, RememberedFooter>> {
  const list = fileList(files);
  // The root of a schema, and a column that is a list or a struct, have children.
  const schemas = await connection.runAndReadAll(
    `SELECT file_name, name, replace(duckdb_type, ' ', '') FROM parquet_schema(${list})
     WHERE num_children IS NULL ORDER BY file_name, name`,
  );
  const columns = new Map<string, [string, string][]>();
  for (const [file, name, type] of schemas.getRows()) {
    const of = columns.get(String(file)) ?? [];
    columns.set(String(file), of);
    of.push([String(name), String(type)]);
  }
  const counts = await connection.runAndReadAll(
    `SELECT file_name, num_rows FROM parquet_file_metadata(${list})`,
  );
  const rows = new Map(counts.getRows().map(([file, count]) => [String(file), Number(count)]));
  return new Map(
    [...columns].map(([file, of]) => [file, { columns: JSON.stringify(of), rows: rows.get(file)! }]),
  );
}

function parse(text: string): StoredTypes {
  return new Map(JSON.parse(text) as [string, string][]);
}
