import { csvCell } from '../core/lake/csv.ts';
import { writeWhole } from './output-file.ts';

type CsvRow = Readonly<Record<string, unknown>>;

/** Where CSV goes: to standard output, or into the file of that name. */
export type CsvTarget = true | string;

/** Rows as CSV (RFC 4180): a header, then a line a row; what a spreadsheet would run is neutralised. */
export function printCsv(
  columns: readonly string[],
  rows: readonly CsvRow[],
  target: CsvTarget = true,
): void {
  const lines = [columns.map((name) => csvCell(name)).join(',')];
  for (const row of rows) lines.push(columns.map((name) => cellOf(row[name])).join(','));
  const text = `${lines.join('\r\n')}\r\n`;
  if (target === true) process.stdout.write(text);
  else {
    writeWhole(target, text);
    console.error(`wrote ${rows.length} ${rows.length === 1 ? 'row' : 'rows'} to ${target}`);
  }
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
