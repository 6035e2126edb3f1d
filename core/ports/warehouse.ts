/** SQL over the lake: DuckDB locally, Athena on AWS. */
export interface Warehouse {
  /**
   * Runs one statement. `parameters` are bound to `?` in order, never spliced into the text.
   * Throws a `WarehouseError` whose message is fit to be shown to the person who wrote the SQL.
   */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<QueryResult>;
  close(): Promise<void>;
}

export type SqlValue = null | boolean | number | bigint | string;

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /**
   * Plain values: DATE as `YYYY-MM-DD`, TIMESTAMP as ISO 8601 UTC, 64-bit integers as numbers where they are
   * safe, else strings.
   */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What a reader would not see from the rows: which NULLs are of files that lack the column. */
  readonly notes?: readonly string[];
}

/** The words of a statement, in lower case: what it may name. */
export function namesIn(sql: string): ReadonlySet<string> {
  return new Set(sql.toLowerCase().match(/\w+/g));
}

export class WarehouseError extends Error {
  override readonly name: string = 'WarehouseError';
}

/** The statement names a table that the warehouse does not have. */
export class NoSuchTableError extends WarehouseError {
  override readonly name = 'NoSuchTableError';
}
