import type { Cell, Column, Row } from '../schema/columns.ts';

/** A cell that a spreadsheet would run as a formula; text only: `-5` as a number stays a number. */
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * RFC 4180 with a header; null is an empty cell. Text that a spreadsheet would run gets a `'` in front.
 * `same`: cells of all rows.
 */
export function writeCsv(columns: readonly Column[], rows: readonly Row[], same: Row = {}): Uint8Array {
  const names = columns.map(({ name }) => name);
  const lines = [names.join(',')];
  for (const row of rows) lines.push(names.map((name) => csvCell(same[name] ?? row[name] ?? null)).join(','));
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n`);
}

export function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
