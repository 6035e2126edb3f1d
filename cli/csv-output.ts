import { csvCell } from '../core/lake/csv.ts';

/** Rows as CSV on standard output (RFC 4180): a header, then a line a row; what a spreadsheet would run is neutralised. */
export function printCsv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  const lines = [columns.map((name) => csvCell(name)).join(',')];
  for (const row of rows) lines.push(columns.map((name) => cellOf(row[name])).join(','));
  process.stdout.write(`${lines.join('\r\n')}\r\n`);
}

function cellOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return csvCell(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? '' : csvCell(JSON.stringify(value));
    default:
      return '';
  }
}
