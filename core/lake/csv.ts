import type { Cell, Column, Row } from '../schema/columns.ts';

/** A cell that a spreadsheet would run as a formula; text only: `-5` as a number stays a number. */
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;
/** Either of them: of a hundred cells one is, so one look has to do for the others. */
const SPECIAL = /^[=+\-@\t]|[",\r\n]/;

/**
 * RFC 4180 with a header; null is an empty cell. Text that a spreadsheet would run gets a `'` in front.
 * `same`: cells of all rows.
 */
export function writeCsv(columns: readonly Column[], rows: readonly Row[], same: Row = {}): Uint8Array {
  const names: string[] = [];
  const ofAll: (string | null)[] = [];
  for (const { name } of columns) {
    const cell = same[name] ?? null;
    names.push(name);
    ofAll.push(cell === null ? null : csvCell(cell));
  }
  const cells: string[] = [];
  let text = `${names.join(',')}\r\n`;
  for (const row of rows) {
    fillLine(cells, names, ofAll, row);
    text += `${cells.join(',')}\r\n`;
  }
  return new TextEncoder().encode(text);
}

/** A function of its own: V8 compiles a loop in a loop anew for each shape that comes by outside of it. */
function fillLine(
  cells: string[],
  names: readonly string[],
  ofAll: readonly (string | null)[],
  row: Row,
): void {
  for (let at = 0; at < names.length; at++) cells[at] = ofAll[at] ?? csvCell(row[names[at]!] ?? null);
}

export function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  if (!SPECIAL.test(value)) return value;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
