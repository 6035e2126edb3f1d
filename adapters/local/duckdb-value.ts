import type { DuckDBValueConverter, Json } from '@duckdb/node-api';
import {
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  JsonDuckDBValueConverter,
} from './duckdb-library.ts';

/** Decimal digits that a double always keeps. */
const SAFE_DECIMAL_DIGITS = 15;

/**
 * A value of DuckDB as the `Warehouse` port promises it. What is not named here is as DuckDB's own JSON has
 * it: DATE as `YYYY-MM-DD`, LIST as array, STRUCT as object, NaN and infinities as text.
 */
export const plainValue: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint') return plainInteger(value);
  if (value instanceof DuckDBDecimalValue) {
    return value.width <= SAFE_DECIMAL_DIGITS ? Number(value.toString()) : value.toString();
  }
  // An instant has no zone of its own: the session's would only change how it is written.
  if (value instanceof DuckDBTimestampTZValue) return isoTimestamp(new DuckDBTimestampValue(value.micros));
  if (
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue
  ) {
    return isoTimestamp(value);
  }
  return JsonDuckDBValueConverter(value, type, converter);
};

function plainInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** `2025-11-17 10:00:00.5` → `2025-11-17T10:00:00.500Z`; more than three decimals are kept. */
function isoTimestamp(value: { toString(): string }): string {
  const text = value.toString();
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(text);
  // Infinities and years that ISO 8601 cannot write in four digits stay as DuckDB writes them.
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(3, '0')}Z` : text;
}
