/** The names of all views begin so. */
export const NAMES_VIEWS = /\bv_/i;

/** Functions to which a statement can give the name of a table without being read to name it. */
export const NAMES_TABLES = /\bquery(_table)?\b/i;

/** What tells which tables there are. */
const SHOWS_TABLES = /\b(?:duckdb_|pg_|sqlite_|information_schema|show)/i;

/** True where the answer may depend on tables that the statement does not name, as views do. */
export function isAboutAll(statement: string): boolean {
  return [NAMES_VIEWS, NAMES_TABLES, SHOWS_TABLES].some((pattern) => pattern.test(statement));
}
