import { createRequire } from 'node:module';
import { FailedCommand } from './failure.ts';
import { fileBytes } from './input-file.ts';

/** One record of a CSV file; `line`: where it begins, from 1. */
export type CsvRecord =
  | { readonly kind: 'cells'; readonly line: number; readonly cells: readonly string[] }
  | { readonly kind: 'broken'; readonly line: number; readonly problem: string };

/** Characters of a line, and lines of one record, that no file of targets needs: what has more is no CSV. */
const LONGEST_LINE = 1_000_000;
const MOST_LINES = 50;

/**
 * The records of a CSV file (RFC 4180), one at a time; the first is its header. UTF-8 with or without a byte
 * order mark, any line ends; between cells a comma, a semicolon or a tab, whichever the header has most of.
 * A record whose quotes do not close is `broken`, and reading goes on at the line after its first. Throws a
 * FailedCommand of one line where the file cannot be read or is none.
 */
export async function* csvRecords(path: string): AsyncGenerator<CsvRecord, undefined> {
  const source = linesOf(path);
  const waiting: Line[] = [];
  const next = async (): Promise<Line | undefined> => waiting.shift() ?? (await source.next()).value;
  let delimiter: string | undefined;
  for (;;) {
    const first = await next();
    if (first === undefined) return;
    if (first.text.trim() === '') continue;
    const lines = [first];
    for (let open = hasOpenQuote(first.text); open && lines.length < MOST_LINES; ) {
      const more = await next();
      if (more === undefined) break;
      lines.push(more);
      if (hasOpenQuote(more.text)) open = false;
    }
    delimiter ??= delimiterOf(first.text);
    const text = lines.map((line) => line.text).join('\n');
    const cells = cellsOf(text, delimiter);
    const { line } = first;
    if (cells === undefined) {
      waiting.unshift(...lines.slice(1));
      yield { kind: 'broken', line, problem: 'its quotes do not close, or stand inside a cell' };
    } else if (text.includes('\ufffd')) yield { kind: 'broken', line, problem: 'it is not UTF-8' };
    else yield { kind: 'cells', line, cells };
  }
}

interface Line {
  readonly line: number;
  readonly text: string;
}

async function* linesOf(path: string): AsyncGenerator<Line, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  for await (const bytes of fileBytes(path)) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const text of lines) yield { line: ++line, text };
    if (rest.length > LONGEST_LINE)
      throw new FailedCommand(`${path} is no CSV file: its line ${line + 1} does not end`);
  }
  rest = (rest + decoder.decode()).replace(/\r$/, '');
  if (rest !== '') yield { line: line + 1, text: rest };
  return undefined;
}

function hasOpenQuote(text: string): boolean {
  let isOpen = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) isOpen = !isOpen;
  return isOpen;
}

/** Quotes are read by csv-parse, which is maintained, has no dependencies, and follows RFC 4180. */
function cellsOf(text: string, delimiter: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
  try {
    const options = { delimiter, relax_column_count: true, trim: true };
    const [cells = []] = csvParse().parse(text, options) as string[][];
    return cells;
  } catch {
    return undefined;
  }
}

/** Loaded for the first line with a quote. */
function csvParse(): typeof import('csv-parse/sync') {
  return createRequire(import.meta.url)('csv-parse/sync');
}

function delimiterOf(header: string): string {
  const unquoted = header.replaceAll(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: unquoted.split(mark).length }));
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).mark;
}
