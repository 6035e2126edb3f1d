import type { DuckDBConnection } from '@duckdb/node-api';
import { listNamed, setFiles, setNumbers } from './duckdb-files.ts';
import { quoteText } from './duckdb-quote.ts';
import type { CountedFiles } from './duckdb-relation.ts';

/**
 * DuckDB takes 2,048 paths at a time and makes a number of 8 bytes for each of their rows, which is 32 MB
 * where a path stands for so many rows at most.
 */
const ROWS_OF_PATH = 2000;

/** Files with their numbers of rows as variables of the connection, for a view to name. */
export async function setCounts(
  connection: DuckDBConnection,
  table: string,
  files: readonly (readonly [path: string, rows: number])[],
): Promise<CountedFiles> {
  const paths: string[] = [];
  const counts: number[] = [];
  for (const [path, rows] of files)
    for (let left = rows; left > 0; left -= ROWS_OF_PATH) {
      paths.push(path);
      counts.push(Math.min(left, ROWS_OF_PATH));
    }
  const [namedPaths, namedRows] = [`${table} paths`, `${table} rows`];
  await setFiles(connection, namedPaths, paths);
  await setNumbers(connection, namedRows, counts);
  return { paths: knownList(namedPaths, 'VARCHAR[]'), rows: knownList(namedRows, 'BIGINT[]') };
}

/**
 * A function that runs a statement of its own does so on a connection that has no such list: without the
 * error that would be a table without rows.
 */
function knownList(name: string, type: string): string {
  const list = listNamed(name);
  const unknown = `error(${quoteText('a statement within a function cannot read the tables of the lake')})`;
  return `CAST(CASE WHEN ${list} IS NULL THEN ${unknown} ELSE ${list} END AS ${type})`;
}
