import { parseCivilDate } from '../calendar/civil-date.ts';
import type { Cell, Column } from './columns.ts';

type Value = Exclude<Cell, null>;
/** The same value as a cell of the column; undefined where it would not be the same any more. */
type Cast = (value: Value, column: Column) => Value | undefined;

const INT32_MAX = 2 ** 31;
const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;
const MIDNIGHT = 'T00:00:00.000Z';

/** By the type that a cell is to have. What is cast back must say what it said: `007` is no 7. */
const CASTS: Readonly<Record<Column['type'], Cast>> = {
  string: (value) => String(value),
  json: (value) => (typeof value === 'string' ? jsonText(value) : JSON.stringify(value)),
  int32: (value) => {
    const number = numberOf(value);
    const fits = Number.isInteger(number) && number! >= -INT32_MAX && number! < INT32_MAX;
    return fits ? number : undefined;
  },
  int64: (value) => {
    const number = numberOf(value);
    return Number.isSafeInteger(number) ? number : undefined;
  },
  double: (value) => numberOf(value),
  decimal: (value, { precision = 0, scale = 0 }) => {
    const isPrice = typeof value === 'string' && NUMBER.test(value) && Number(value).toFixed(scale) === value;
    const number = isPrice ? Number(value) : numberOf(value);
    if (number === undefined) return undefined;
    const fits = Number(number.toFixed(scale)) === number && Math.abs(number) < 10 ** (precision - scale);
    return fits ? number : undefined;
  },
  boolean: (value) =>
    typeof value === 'boolean' ? value : value === 'true' || (value === 'false' ? false : undefined),
  date: (value) => {
    if (typeof value !== 'string') return undefined;
    return parseCivilDate(value.endsWith(MIDNIGHT) ? value.slice(0, -MIDNIGHT.length) : value);
  },
  timestamp: (value) => {
    if (typeof value !== 'string') return undefined;
    if (parseCivilDate(value)) return `${value}${MIDNIGHT}`;
    if (!INSTANT.test(value) || !parseCivilDate(value.slice(0, 10))) return undefined;
    const at = Date.parse(value);
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  },
};

/**
 * A cell of a column that had another type, as today's column holds it: null stays null. Undefined where that
 * would lose something: a text that is no number, 1675.25 as a whole number, `007` as 7.
 */
export function castCell(cell: Cell, column: Column): Cell | undefined {
  return cell === null ? null : CASTS[column.type](cell, column);
}

/** A number that is written in the one way that it would be written in again. */
function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !NUMBER.test(value)) return undefined;
  return String(Number(value)) === value ? Number(value) : undefined;
}

function jsonText(text: string): string | undefined {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
