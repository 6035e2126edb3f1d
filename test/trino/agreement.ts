import type { QueryResult } from '../../core/ports/warehouse.ts';
import type { TrinoAnswer } from './trino-client.ts';

/** Digits that both engines have of a mean: they add in another order. */
const DIGITS = 12;

/**
 * What differs first between the answers of the two engines to one statement, whatever the order of their
 * rows; undefined where they agree in names, number and values.
 */
export function differenceOf(trino: TrinoAnswer, duckdb: QueryResult): string | undefined {
  const names = trino.columns.map(({ name }) => name);
  const others = duckdb.columns.map(({ name }) => name);
  if (names.join() !== others.join()) return `columns: Trino ${names}; DuckDB ${others}`;
  if (trino.rows.length !== duckdb.rows.length)
    return `Trino ${trino.rows.length} rows, DuckDB ${duckdb.rows.length}`;
  const types = trino.columns.map(({ type }) => type);
  const line = (values: readonly unknown[]) =>
    JSON.stringify(values.map((value, at) => writtenAlike(value, types[at]!)));
  const ours = trino.rows.map(line).sort();
  const theirs = duckdb.rows.map((row) => line(names.map((name) => row[name]))).sort();
  const at = ours.findIndex((row, nth) => row !== theirs[nth]);
  return at < 0 ? undefined : firstDifference(names, ours[at]!, theirs[at]!);
}

/** One writing for the values of both, by the type that Trino says. */
function writtenAlike(value: unknown, type: string): unknown {
  if (value === null || value === undefined) return null;
  if (type.startsWith('timestamp'))
    return String(value)
      .replace(' ', 'T')
      .replace(/(\.\d{3})0*Z?$|Z$/, '$1');
  if (/^(?:double|real)/.test(type)) return Number(Number(value).toPrecision(DIGITS));
  // As a number only where it is one exactly: 64 bits may have more digits.
  if (/^(?:tinyint|smallint|integer|bigint|decimal)/.test(type)) return exactNumber(String(value));
  return value;
}

/** Decimals with and without zeros behind the last digit are the same. */
function exactNumber(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function firstDifference(names: readonly string[], ours: string, theirs: string): string {
  const [left, right] = [JSON.parse(ours), JSON.parse(theirs)] as unknown[][];
  const at = names.findIndex((_, nth) => JSON.stringify(left![nth]) !== JSON.stringify(right![nth]));
  const said = (values: unknown[]) => JSON.stringify(values[at]).slice(0, 120);
  return `${names[at]}: Trino ${said(left!)}, DuckDB ${said(right!)}`;
}
