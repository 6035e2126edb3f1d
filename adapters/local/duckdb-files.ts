import type { DuckDBConnection } from '@duckdb/node-api';
import { BIGINT, LIST, listValue, VARCHAR } from './duckdb-library.ts';
import { quoteName, quoteText } from './duckdb-quote.ts';

/**
 * A list of files as a variable of the connection, which `listNamed` stands for in SQL: a view that names a
 * thousand paths takes DuckDB as long to read as a tenth of their footers.
 */
export function setFiles(connection: DuckDBConnection, name: string, files: readonly string[]) {
  return setList(connection, name, files, VARCHAR);
}

/** The same of whole numbers. */
export function setNumbers(connection: DuckDBConnection, name: string, numbers: readonly number[]) {
  return setList(connection, name, numbers.map(BigInt), BIGINT);
}

async function setList(
  connection: DuckDBConnection,
  name: string,
  values: readonly string[] | readonly bigint[],
  type: typeof VARCHAR | typeof BIGINT,
): Promise<void> {
  const statement = await connection.prepare(`SET VARIABLE ${quoteName(name)} = ?`);
  statement.bind([listValue(values)], [LIST(type)]);
  await statement.run();
}

/** The list of that name, in SQL. */
export function listNamed(name: string): string {
  return `getvariable(${quoteText(name)})`;
}
