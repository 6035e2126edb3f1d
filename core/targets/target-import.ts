import type { StateStore } from '../ports/state-store.ts';
import type { Source, Target } from '../source/source.ts';
import { indexTargets } from './indexes.ts';
import { rawTarget, withoutZeros } from './raw-target.ts';
import { registrationProblem, sinceRegistered } from './register.ts';
import type { TargetRecord } from './target.ts';
import type { ChangedBy } from './target-events.ts';
import { TargetStore } from './target-store.ts';

/** What a row says of a target; of what it leaves out, that on record stays. `line`: in its file, from 1. */
export type ImportRow =
  | {
      readonly kind: 'given';
      readonly line: number;
      readonly id: string;
      /** What stands in it that is not empty, the id too, by the names of the columns. */
      readonly cells: Readonly<Record<string, string>>;
      readonly name?: string;
    }
  | { readonly kind: 'broken'; readonly line: number; readonly id: string | null; readonly problem: string };
type GivenRow = Extract<ImportRow, { kind: 'given' }>;

/** A row as the source reads it. */
type ReadRow = Required<Target> & { readonly name?: string };

/** Why a row was refused. */
export interface RefusedRow {
  readonly line: number;
  readonly target: string | null;
  readonly reason: string;
}

export interface ImportResult {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
  /** The first thousand that were refused. */
  readonly problems: readonly RefusedRow[];
}

/** What an import changes of a record. Of a hundred thousand nothing else is held. */
type Known = Pick<TargetRecord, 'attributes' | 'name'>;

/** Of a file of which nothing fits, not every row is kept. */
const MOST_PROBLEMS = 1000;
/** Rows that are written together; until then they are held. */
const AT_ONCE = 500;

/**
 * Registers targets, or gives those that are registered other attributes and names, a row at a time; nothing
 * else of them changes, and none is removed. The first row of an id counts. Without `by` nothing is written,
 * and the answer is what would be.
 */
export async function importTargets(
  state: StateStore,
  source: Source,
  rows: AsyncIterable<ImportRow>,
  by: ChangedBy | undefined,
): Promise<ImportResult> {
  if (by) await indexTargets(state, source.name);
  const store = new TargetStore(state);
  const { known, whole } = await onRecord(store, source);
  const lines = new Map<string, number>();
  const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
  const problems: RefusedRow[] = [];
  const waiting: ReadRow[] = [];
  const write = async (some: readonly ReadRow[]) => {
    if (!by) return;
    const changes = some.map((row) => ({
      target: row.id,
      change: (record: TargetRecord) => sinceRegistered(record, imported(record, row), by.at),
    }));
    await store.updateMany(source.name, changes, { isImport: true, ...by });
  };
  for await (const row of rows) {
    const read = row.kind === 'broken' ? row.problem : rowRead(source, row, { known, whole }, lines);
    if (typeof read === 'string') {
      counts.refused++;
      if (problems.length < MOST_PROBLEMS) problems.push({ line: row.line, target: row.id, reason: read });
      continue;
    }
    lines.set(read.id, row.line);
    const outcome = outcomeOf(known.get(read.id), read);
    counts[outcome]++;
    if (outcome !== 'unchanged') waiting.push(read);
    if (waiting.length >= AT_ONCE) await write(waiting.splice(0));
  }
  await write(waiting);
  return { ...counts, problems };
}

function outcomeOf(before: Known | undefined, row: ReadRow): 'created' | 'updated' | 'unchanged' {
  if (!before?.attributes) return 'created';
  return imported(before, row) === before ? 'unchanged' : 'updated';
}

/** The same record where the row says nothing new. */
function imported<T extends Known>(record: T, { attributes, name }: ReadRow): T {
  const { attributes: before } = record;
  const isSame =
    before !== null &&
    (name ?? record.name) === record.name &&
    Object.entries(attributes).every(([key, value]) => before[key] === value);
  return isSame ? record : { ...record, attributes: { ...before, ...attributes }, name: name ?? record.name };
}

interface OnRecord {
  readonly known: ReadonlyMap<string, Known>;
  /** Ids by what is left where a spreadsheet took the zeros in front; of sources that put them back. */
  readonly whole: ReadonlyMap<string, string>;
}

async function onRecord(store: TargetStore, { name: source, register }: Source): Promise<OnRecord> {
  const known = new Map<string, Known>();
  const whole = new Map<string, string>();
  for await (const { target, attributes, name } of store.list(source)) {
    known.set(target, { attributes, name });
    if (register?.normalize) whole.set(withoutZeros(target), target);
  }
  return { known, whole };
}

/** The target that a row is about, with what is on record of it; or in one line why it is refused. */
function rowRead(
  source: Source,
  row: GivenRow,
  { known, whole }: OnRecord,
  lines: ReadonlyMap<string, number>,
): ReadRow | string {
  const id = known.has(row.id) ? row.id : whole.get(withoutZeros(row.id));
  const beforeOf = (target: string | undefined) => known.get(target ?? '')?.attributes ?? {};
  let read = rawTarget(source, row.id, row.cells, beforeOf(id));
  if (typeof read !== 'string' && read.id !== id)
    read = rawTarget(source, row.id, row.cells, beforeOf(read.id));
  if (typeof read === 'string') return read;
  const first = lines.get(read.id);
  if (first !== undefined) return `it is there twice: line ${first} counts`;
  return registrationProblem(source, read) ?? { ...read, ...(row.name !== undefined && { name: row.name }) };
}
