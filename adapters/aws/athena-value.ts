import type { ColumnInfo } from '@aws-sdk/client-athena';
import { type SqlValue, WarehouseError } from '../../core/ports/warehouse.ts';

/** The limit of Athena for one parameter. */
const MAX_PARAMETER_LENGTH = 1024;
/** Decimal digits that a double always keeps. */
const SAFE_DECIMAL_DIGITS = 15;

/**
 * A value as Athena takes it for a `?`: the text of an SQL literal, which the engine parses as one value and
 * never as a part of the statement. Throws a `WarehouseError` for what has no literal.
 */
export function parameterOf(value: SqlValue): string {
  const literal = literalOf(value);
  if (literal.length > MAX_PARAMETER_LENGTH) {
    throw new WarehouseError(
      `a value of ${literal.length} characters; Athena takes at most ${MAX_PARAMETER_LENGTH}`,
    );
  }
  return literal;
}

function literalOf(value: SqlValue): string {
  switch (typeof value) {
    case 'string':
      return `'${value.replaceAll("'", "''")}'`;
    case 'number':
      if (!Number.isFinite(value)) throw new WarehouseError(`${value} is no value that Athena can be given`);
      if (Number.isSafeInteger(value)) return String(value);
      // Without an exponent it would be a DECIMAL, which compares otherwise than the DOUBLE that it is.
      return /e/.test(String(value)) ? String(value).toUpperCase() : `${value}E0`;
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return 'NULL';
  }
}

/** The type as SQL writes it: `DECIMAL(10,2)`. */
export function typeOf({ Type = 'varchar', Precision, Scale }: ColumnInfo): string {
  return Type === 'decimal' ? `DECIMAL(${Precision ?? 0},${Scale ?? 0})` : Type.toUpperCase();
}

/**
 * A cell of Athena, which is text, as the `Warehouse` port promises it. ARRAY, MAP and ROW stay in Athena's
 * own writing, NaN and infinities stay text.
 */
export function plainValue(text: string | undefined, { Type, Precision }: ColumnInfo): unknown {
  if (text === undefined) return null;
  switch (Type) {
    case 'boolean':
      return text === 'true';
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint': {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : text;
    }
    case 'float':
    case 'real':
    case 'double': {
      const number = Number(text);
      return Number.isFinite(number) ? number : text;
    }
    case 'decimal':
      return (Precision ?? 38) <= SAFE_DECIMAL_DIGITS ? Number(text) : text;
    case 'timestamp':
      return isoTimestamp(text);
    case 'timestamp with time zone':
      return isoInstant(text);
    default:
      return text;
  }
}

/** `2025-11-17 10:00:00.5` → `2025-11-17T10:00:00.500Z`; more than three decimals are kept. */
function isoTimestamp(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(text);
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(3, '0')}Z` : text;
}

/**
 * `2025-11-17 10:00:00.500 UTC` and `… +01:00`; the name of another zone stays, for it takes a calendar to
 * undo it.
 */
function isoInstant(text: string): string {
  const match = /^(.+?) (UTC|Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return text;
  const local = isoTimestamp(match[1] ?? '');
  if (local === match[1]) return text;
  if (match[2] === 'UTC' || match[2] === 'Z' || match[2] === '+00:00') return local;
  return new Date(local.slice(0, 23) + match[2]).toISOString();
}
