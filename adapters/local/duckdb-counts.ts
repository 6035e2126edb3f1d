import type { DuckDBConnection } from '@duckdb/node-api';
import { listNamed, setFiles, setNumbers } from './duckdb-files.ts';
import type { Footer } from './duckdb-footers.ts';
import { quoteText } from './duckdb-quote.ts';
import type { CountedFiles } from './duckdb-relation.ts';

/**
 * DuckDB takes 2,048 paths at a time and makes a number of 8 bytes for each of their rows, which is 32 MB
 * where a path stands for so many rows at most.
 */
const ROWS_OF_PATH = 2000;

/** The files of a table with their rows, as variables of a connection. */
export class Counts {
  readonly #footers: ReadonlyMap<string, Footer>;
  readonly #names: { readonly paths: string; readonly rows: string };
  readonly #paths: string[] = [];
  readonly #rows: number[] = [];

  constructor(table: string, footers: ReadonlyMap<string, Footer>) {
    this.#footers = footers;
    this.#names = { paths: `${table} paths`, rows: `${table} rows` };
  }

  /** How these are named in SQL. */
  readonly of = (files: readonly string[]): CountedFiles => {
    for (const file of files)
      for (let rows = this.#footers.get(file)!.rows; rows > 0; rows -= ROWS_OF_PATH) {
        this.#paths.push(file);
        this.#rows.push(Math.min(rows, ROWS_OF_PATH));
      }
    return {
      paths: knownList(this.#names.paths, 'VARCHAR[]'),
      rows: knownList(this.#names.rows, 'BIGINT[]'),
    };
  };

  async set(connection: DuckDBConnection): Promise<void> {
    await setFiles(connection, this.#names.paths, this.#paths);
    await setNumbers(connection, this.#names.rows, this.#rows);
  }
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
