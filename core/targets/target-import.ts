import type { StateStore } from '../ports/state-store.ts';
import type { Source, Target } from '../source/source.ts';
import { indexTargets } from './indexes.ts';
import { registrationProblem } from './register.ts';
import type { TargetRecord } from './target.ts';
import type { ChangedBy } from './target-events.ts';
import { TargetStore } from './target-store.ts';

/** What a row says of a target; of what it leaves out, that on record stays. `line`: in its file, from 1. */
export type ImportRow =
  | {
      readonly kind: 'given';
      readonly line: number;
      readonly id: string;
      readonly attributes: Required<Target>['attributes'];
      readonly name?: string;
    }
  | { readonly kind: 'broken'; readonly line: number; readonly id: string | null; readonly problem: string };
type GivenRow = Extract<ImportRow, { kind: 'given' }>;

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
  const known = new Map<string, Known>();
  for await (const { target, attributes, name } of store.list(source.name))
    known.set(target, { attributes, name });
  const lines = new Map<string, number>();
  const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 };
  const problems: RefusedRow[] = [];
  const waiting: GivenRow[] = [];
  const write = async (some: readonly GivenRow[]) => {
    const changes = some.map((row) => ({
      target: row.id,
      change: (record: TargetRecord) => imported(record, row),
    }));
    if (by) await store.updateMany(source.name, changes, { isImport: true, ...by });
  };
  for await (const row of rows) {
    const reason = row.kind === 'broken' ? row.problem : problemOf(source, row, known.get(row.id), lines);
    if (row.kind === 'broken' || reason !== undefined) {
      counts.refused++;
      if (problems.length < MOST_PROBLEMS)
        problems.push({ line: row.line, target: row.id, reason: reason ?? '' });
      continue;
    }
    lines.set(row.id, row.line);
    const before = known.get(row.id);
    const outcome = outcomeOf(before, row);
    counts[outcome]++;
    if (outcome !== 'unchanged') waiting.push(row);
    if (waiting.length >= AT_ONCE) await write(waiting.splice(0));
  }
  await write(waiting);
  return { ...counts, problems };
}

function outcomeOf(before: Known | undefined, row: GivenRow): 'created' | 'updated' | 'unchanged' {
  if (!before?.attributes) return 'created';
  return imported(before, row) === before ? 'unchanged' : 'updated';
}

/** The same record where the row says nothing new. */
function imported<T extends Known>(record: T, { attributes, name }: GivenRow): T {
  const { attributes: before } = record;
  const isSame =
    before !== null &&
    (name ?? record.name) === record.name &&
    Object.entries(attributes).every(([key, value]) => before[key] === value);
  return isSame ? record : { ...record, attributes: { ...before, ...attributes }, name: name ?? record.name };
}

function problemOf(
  source: Source,
  { id, attributes }: GivenRow,
  before: Known | undefined,
  lines: ReadonlyMap<string, number>,
): string | undefined {
  const first = lines.get(id);
  if (first !== undefined) return `it is there twice: line ${first} counts`;
  return registrationProblem(source, { id, attributes: { ...before?.attributes, ...attributes } });
}
