import type { Source } from '../core/source/source.ts';
import { idFinder, keyColumn } from '../core/targets/raw-target.ts';
import { namesText } from '../core/wording/names.ts';
import { type CsvRecord, csvRecords } from './csv-input.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { counted } from './list.ts';

/** Which column of a file stands for which of ours; `--map ours=theirs`. */
export type ColumnMap = ReadonlyMap<string, string>;

/** A row of a file of targets, by our names, or why it cannot be read. `line`: from 1. */
export type TargetRow =
  | { readonly kind: 'row'; readonly line: number; readonly cells: Readonly<Record<string, string>> }
  | { readonly kind: 'broken'; readonly line: number; readonly problem: string };

/** Names under which a file may carry the ids, besides the source's own word for them. */
const USUAL_KEYS = ['target', 'id'];

export interface TargetFile {
  /** Our name of the column with the ids. */
  readonly key: string;
  /** Columns of the file that stand for something, by our names. */
  readonly known: readonly string[];
  /** Columns that say nothing here. */
  readonly ignored: readonly string[];
  readonly rows: AsyncGenerator<TargetRow>;
}

/**
 * Opens a CSV file of targets. `wanted`: our columns beside the key. Throws a UsageError of one line where
 * the key column is not there, a column that `map` names is not, or two that are read have one name.
 */
export async function openTargetFile(
  source: Source,
  path: string,
  wanted: readonly string[],
  map: ColumnMap = new Map(),
): Promise<TargetFile> {
  const records = csvRecords(path);
  const { value: first } = await records.next();
  if (first === undefined) throw new FailedCommand(`${path} is empty: the first line names the columns`);
  if (first.kind === 'broken') throw new FailedCommand(`${path}, line ${first.line}: ${first.problem}`);
  const header = first.cells;
  const key = keyColumn(source);
  const places = new Map<string, number>();
  for (const [ours, theirs] of map) {
    if (ours !== key && !wanted.includes(ours))
      throw new UsageError(
        `--map: targets of ${source.name} have no ${JSON.stringify(ours)}`,
        `they have: ${[key, ...wanted].join(', ')}`,
      );
    places.set(ours, placeOf(path, header, theirs));
  }
  const keys = [key, ...USUAL_KEYS].filter((name) => !wanted.includes(name) || name === key);
  for (const name of [...keys, ...wanted]) {
    const at = find(header, name);
    const ours = keys.includes(name) ? key : name;
    if (at !== undefined && !places.has(ours)) places.set(ours, at);
  }
  if (!places.has(key))
    throw new UsageError(
      `${path} has no column ${key}; it has: ${namesText(header.map((name) => JSON.stringify(name)))}`,
      `name the one with the ids: --map ${key}=COLUMN`,
    );
  const used = new Set(places.values());
  refuseTwice(path, header, used);
  return {
    key,
    known: [...places.keys()],
    ignored: header.filter((_, at) => !used.has(at)),
    rows: rowsOf(records, places, header.length),
  };
}

async function* rowsOf(
  records: AsyncGenerator<CsvRecord, undefined>,
  places: ReadonlyMap<string, number>,
  width: number,
): AsyncGenerator<TargetRow> {
  for await (const record of records) {
    const { line } = record;
    if (record.kind === 'broken') yield record;
    else if (record.cells.every((cell) => cell === '')) continue;
    else if (record.cells.length !== width) {
      const problem = `it has ${counted(record.cells.length, 'cell')}, and the header has ${width}`;
      yield { kind: 'broken', line, problem };
    } else {
      const cells = Object.fromEntries(
        [...places].map(([name, at]) => [name, withoutGuard(record.cells[at] ?? '')]),
      );
      yield { kind: 'row', line, cells };
    }
  }
}

/** A `'` that was put in front of a cell so that a spreadsheet does not run it (`csvCell`). */
function withoutGuard(cell: string): string {
  return /^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}

function placeOf(path: string, header: readonly string[], name: string): number {
  const at = find(header, name);
  if (at !== undefined) return at;
  throw new UsageError(
    `${path} has no column ${JSON.stringify(name)}`,
    `it has: ${namesText(header.map((column) => JSON.stringify(column)))}`,
  );
}

/** Of two columns of one name nobody knows which is meant; of those that say nothing it does not matter. */
function refuseTwice(path: string, header: readonly string[], used: ReadonlySet<number>): void {
  for (const at of used) {
    const like = header.filter((column) => column.toLowerCase() === header[at]!.toLowerCase());
    if (like.length > 1)
      throw new UsageError(
        `${path} has ${like.length} columns ${JSON.stringify(header[at])}, and nobody knows which is meant`,
        'leave one',
      );
  }
}

function find(header: readonly string[], name: string): number | undefined {
  const exact = header.indexOf(name);
  if (exact >= 0) return exact;
  const like = header.findIndex((column) => column.toLowerCase() === name.toLowerCase());
  return like < 0 ? undefined : like;
}

/** The ids in a file, as `run --targets` reads it. Throws where one is not registered or cannot be read. */
export async function targetsInFile(source: Source, path: string): Promise<ReadonlySet<string>> {
  const known = new Set(source.targets.map(({ id }) => id));
  const idOf = idFinder(source, source.targets);
  const { key, rows } = await openTargetFile(source, path, []);
  const found = new Set<string>();
  const unknown: string[] = [];
  for await (const row of rows) {
    if (row.kind === 'broken') throw new FailedCommand(`${path}, line ${row.line}: ${row.problem}`);
    const id = idOf(row.cells[key] ?? '');
    if (known.has(id)) found.add(id);
    else unknown.push(id);
  }
  if (unknown.length > 0)
    throw new UsageError(
      `${counted(unknown.length, 'target')} of ${path} that ${source.name} has not: ${namesText(unknown, 5)}`,
      `"rescrape targets import ${source.name}" registers them`,
    );
  return found;
}
