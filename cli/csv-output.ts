import { csvCell } from '../core/lake/csv.ts';
import { writeWhole, writeWholeStream } from './output-file.ts';
import { printText } from './stream-output.ts';

type CsvRow = Readonly<Record<string, unknown>>;

/** Where CSV goes: to standard output, or into the file of that name. */
export type CsvTarget = true | string;

/** Rows as CSV (RFC 4180): a header, then a line a row; what a spreadsheet would run is neutralised. */
export function printCsv(
  columns: readonly string[],
  rows: readonly CsvRow[],
  target: CsvTarget = true,
): void {
  const text = [headerOf(columns), ...rows.map((row) => lineOf(columns, row))].join('');
  if (target === true) process.stdout.write(text);
  else {
    writeWhole(target, text);
    tellWritten(rows.length, target);
  }
}

/** The same of rows that come one by one, and are not held together. */
export async function printCsvStream(
  columns: readonly string[],
  rows: AsyncIterable<CsvRow>,
  target: CsvTarget,
): Promise<void> {
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    yield headerOf(columns);
    for await (const row of rows) {
      count++;
      yield lineOf(columns, row);
    }
  }
  if (target === true) for await (const line of lines()) await printText(line);
  else {
    await writeWholeStream(target, lines());
    tellWritten(count, target);
  }
}

function tellWritten(rows: number, path: string): void {
  console.error(`wrote ${rows === 1 ? '1 row' : `${rows} rows`} to ${path}`);
}

function headerOf(columns: readonly string[]): string {
  return `${columns.map((name) => csvCell(name)).join(',')}\r\n`;
}

function lineOf(columns: readonly string[], row: CsvRow): string {
  return `${columns.map((name) => cellOf(row[name])).join(',')}\r\n`;
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
