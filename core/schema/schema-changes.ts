import { type CastRange, castRange } from './cast-range.ts';
import type { ColumnShape, TableShape } from './table-shape.ts';

/** One way in which the table of the code differs from one that was written before. */
export type SchemaChange =
  | { readonly kind: 'added' | 'added-required'; readonly column: string; readonly to: string }
  | { readonly kind: 'removed'; readonly column: string; readonly from: string }
  | {
      readonly kind: 'retyped';
      readonly column: string;
      readonly from: string;
      readonly to: string;
      /** How many of the values of before fit. */
      readonly values: CastRange;
    }
  | { readonly kind: 'required' | 'optional'; readonly column: string }
  | { readonly kind: 'item-key'; readonly from: string; readonly to: string }
  | { readonly kind: 'row-key' | 'partition-by'; readonly from: string; readonly to: string }
  /** The same columns in another order. */
  | { readonly kind: 'order' };

/** Every difference, those of columns in the order of today's. None where the fingerprints are the same. */
export function schemaChanges(before: TableShape, today: TableShape): SchemaChange[] {
  const known = new Map(before.columns.map((column) => [column.name, column]));
  const kept = new Set(today.columns.map(({ name }) => name));
  const changes: SchemaChange[] = [
    ...today.columns
      // A new item key is filled with the ids of items.
      .filter(({ name }) => known.has(name) || name !== today.itemKey)
      .flatMap((column) => columnChanges(known.get(column.name), column)),
    ...before.columns
      .filter(({ name }) => !kept.has(name))
      .map(({ name, type }): SchemaChange => ({ kind: 'removed', column: name, from: type })),
    ...keyChanges(before, today),
  ];
  if (changes.length > 0) return changes;
  const order = ({ columns }: TableShape) => columns.map(({ name }) => name).join();
  return order(before) === order(today) ? [] : [{ kind: 'order' }];
}

function columnChanges(before: ColumnShape | undefined, today: ColumnShape): SchemaChange[] {
  const { name: column, type: to, isRequired } = today;
  if (before === undefined) return [{ kind: isRequired ? 'added-required' : 'added', column, to }];
  const changes: SchemaChange[] = [];
  const { type: from } = before;
  if (from !== to) changes.push({ kind: 'retyped', column, from, to, values: castRange(from, to) });
  if (before.isRequired !== isRequired) changes.push({ kind: isRequired ? 'required' : 'optional', column });
  return changes;
}

function keyChanges(before: TableShape, today: TableShape): SchemaChange[] {
  const changes: SchemaChange[] = [];
  if (before.itemKey !== today.itemKey)
    changes.push({ kind: 'item-key', from: before.itemKey, to: today.itemKey });
  for (const [kind, from, to] of [
    ['row-key', before.rowKey, today.rowKey],
    ['partition-by', before.partitionBy, today.partitionBy],
  ] as const) {
    if (from.join() !== to.join()) changes.push({ kind, from: from.join(', '), to: to.join(', ') });
  }
  return changes;
}

/** What a change does to the data of before, and whether its author has something to decide. */
export interface ChangeEffect {
  /** A clause for a person. */
  readonly text: string;
  /** True where a run of today's program may refuse what was written, or readers its values. */
  readonly needsAuthor: boolean;
}

const NEVER_TAKEN =
  'rows that a run does not read anew cannot be taken over, and their partition stays as it is';

const EFFECTS: Readonly<Record<Exclude<SchemaChange['kind'], 'retyped'>, ChangeEffect>> = {
  added: { text: 'NULL in all rows until their pages are read again', needsAuthor: false },
  'added-required': {
    text: `rows of before lack it: ${NEVER_TAKEN}; make it nullable, or have all pages read again`,
    needsAuthor: true,
  },
  removed: {
    text: 'readers do not see it any more; the files of before keep it',
    needsAuthor: false,
  },
  required: {
    text: `where it is NULL, ${NEVER_TAKEN}; leave it nullable, or have all pages read again`,
    needsAuthor: true,
  },
  optional: { text: 'nothing changes in rows of before', needsAuthor: false },
  'item-key': {
    text: 'items keep their ids, and rows that are taken over get theirs as the new column; the ids must mean the same',
    needsAuthor: true,
  },
  'row-key': {
    text: `where it does not tell rows of before apart, ${NEVER_TAKEN}`,
    needsAuthor: true,
  },
  'partition-by': {
    text: 'partitions of before belong to no table any more, and readers do not see them; have their dates read again',
    needsAuthor: true,
  },
  order: { text: 'nothing: columns are found by their names', needsAuthor: false },
};

const RETYPED: Readonly<Record<CastRange, ChangeEffect>> = {
  all: { text: 'values of before are cast', needsAuthor: false },
  some: {
    text: `values of before are cast where they fit; any other is an error of a query that names it, and ${NEVER_TAKEN}`,
    needsAuthor: true,
  },
  none: {
    text: `no value of before fits: each is an error of a query, and ${NEVER_TAKEN}; give the column a new name`,
    needsAuthor: true,
  },
};

export function effectOf(change: SchemaChange): ChangeEffect {
  return change.kind === 'retyped' ? RETYPED[change.values] : EFFECTS[change.kind];
}
