import { type Command, InvalidArgumentError } from 'commander';
import { isoTime } from '../core/wording/times.ts';
import { SOURCE_NAMES } from '../sources/list.ts';
import type { GlobalOptions } from './context.ts';
import { type CsvTarget, printCsv, printCsvStream } from './csv-output.ts';
import { UsageError } from './failure.ts';
import { printItemStream, printItems, printRows } from './json.ts';
import { type PrintColumn, printTable } from './print.ts';

export interface ListOptions {
  readonly csv?: CsvTarget;
}

type FormatOptions = Pick<GlobalOptions, 'json'> & ListOptions;

/**
 * Adds the option that every command which lists things has beside `--json`. A word behind it is the file,
 * unless the command still lacks what it cannot do without: `query --csv "SELECT 1"` is no file's name.
 */
export function withCsv(command: Command): Command {
  command.option('--csv [file]', 'CSV instead of a table: printed, or written to the file', csvTarget);
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (words) => {
    const parsed = parseOptions(words);
    const { csv } = command.opts<ListOptions>();
    if (typeof csv !== 'string') return parsed;
    const wanted = command.registeredArguments.filter(({ required }) => required).length;
    // `words` begin with the first option: what stands before is in the hands of the parent, behind our name.
    const before = (command.parent?.args.length ?? 0) - 1 - words.length;
    if (before + parsed.operands.length < wanted) {
      command.setOptionValueWithSource('csv', true, 'cli');
      return { ...parsed, operands: [...parsed.operands, csv] };
    }
    if (SOURCE_NAMES.includes(csv))
      command.error(
        `error: --csv names no file: ${csv} is a source: write it before --csv (or ./${csv} for a file of that name)`,
        { code: 'commander.invalidArgument' },
      );
    return parsed;
  };
  return command;
}

function csvTarget(text: string): CsvTarget {
  if (text === '-') return true;
  if (text === '') throw new InvalidArgumentError('the name of the file is empty');
  return text;
}

export interface List {
  readonly columns: readonly PrintColumn[];
  /** What the table and the CSV show. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What `--json` prints, where that is more than the rows. */
  readonly values?: readonly unknown[];
  /** True where names and values are those of an SQL statement: they are printed as they are. */
  readonly areOfUser?: boolean;
  /** What is said to a person where there are no rows. */
  readonly none: string;
}

/**
 * Prints a list as the options ask. An empty one is not an error: it says so, or is an empty JSON list or
 * bare CSV header.
 */
export function printList(list: List, options: FormatOptions): void {
  refuseTwoFormats(options);
  const { columns, rows, values = rows, none, areOfUser = false } = list;
  const print = areOfUser ? printRows : printItems;
  if (options.json) print(values);
  else if (options.csv)
    printCsv(
      columns.map(({ name }) => name),
      rows,
      options.csv,
    );
  else if (rows.length === 0) console.log(none);
  else printTable(columns, rows);
}

/** One thing of a list, as the table and the CSV show it, and as `--json` does. */
export interface ListedThing {
  readonly row: Readonly<Record<string, unknown>>;
  readonly value: object;
}

export interface StreamedList {
  /** Of the table; it shows the first `MOST_TABLE_ROWS`. */
  readonly columns: readonly PrintColumn[];
  /** @default those of the table */
  readonly csvColumns?: readonly string[];
  readonly things: AsyncIterable<ListedThing>;
  readonly none: string;
}

/** Nobody reads a longer table, and it is drawn when all of it is there. */
const MOST_TABLE_ROWS = 1000;

/** As `printList`, of things that come one by one: however many there are, they are not held together. */
export async function printListStream(list: StreamedList, options: FormatOptions): Promise<void> {
  refuseTwoFormats(options);
  const { columns, things, none, csvColumns = columns.map(({ name }) => name) } = list;
  if (options.json) return printItemStream(map(things, ({ value }) => value));
  if (options.csv) {
    await printCsvStream(
      csvColumns,
      map(things, ({ row }) => row),
      options.csv,
    );
    return;
  }
  const rows: ListedThing['row'][] = [];
  let isMore = false;
  for await (const { row } of things) {
    isMore = rows.length === MOST_TABLE_ROWS;
    if (isMore) break;
    rows.push(row);
  }
  if (rows.length === 0) console.log(none);
  else printTable(columns, rows);
  if (isMore)
    console.error(`there is more: these are the first ${MOST_TABLE_ROWS}; --csv and --json have all`);
}

async function* map<A, B>(all: AsyncIterable<A>, one: (a: A) => B): AsyncGenerator<B> {
  for await (const a of all) yield one(a);
}

export function refuseTwoFormats({ json, csv }: FormatOptions): void {
  if (json && csv) throw new UsageError('--json and --csv exclude each other', 'choose one');
}

export const number = { alignment: 'right' as const };

/** `2026-11-22T10:00:00Z`, or nothing where it never happened. Milliseconds since the epoch. */
export function timeText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '' : isoTime(ms);
}

/** `1 item`, `2 items`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
