import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decimal } from '../../../core/schema/columns.ts';
import { effectOf, type SchemaChange, schemaChanges } from '../../../core/schema/schema-changes.ts';
import { type ShapedTable, tableSchema } from '../../../core/schema/table-shape.ts';

const schema = z.object({
  note: z.string(),
  line: z.int32(),
  text: z.string().nullable(),
  price: decimal(8, 2),
});
const notes: ShapedTable = {
  name: 'notes',
  itemKey: 'note',
  rowKey: ['note', 'line'],
  partitionBy: ['shelf', 'date'],
  schema,
};

function changesTo(change: Partial<ShapedTable>): SchemaChange[] {
  return schemaChanges(tableSchema(notes).shape, tableSchema({ ...notes, ...change }).shape);
}

describe('the changes between two shapes of a table', () => {
  it('are none where nothing changed that rows depend upon', () => {
    expect(changesTo({ schema: schema.extend({ note: z.enum(['a', 'b']) }) })).toEqual([]);
  });

  it.each<[string, Partial<ShapedTable>, SchemaChange, boolean]>([
    [
      'a column that may be NULL is added',
      { schema: schema.extend({ page: z.int32().nullable() }) },
      { kind: 'added', column: 'page', to: 'int32' },
      false,
    ],
    [
      'a column is added that every row must have',
      { schema: schema.extend({ page: z.int32() }) },
      { kind: 'added-required', column: 'page', to: 'int32' },
      true,
    ],
    [
      'a column is removed',
      { schema: schema.omit({ text: true }) },
      { kind: 'removed', column: 'text', from: 'string' },
      false,
    ],
    [
      'a column is widened',
      { schema: schema.extend({ line: z.int() }) },
      { kind: 'retyped', column: 'line', from: 'int32', to: 'int64', values: 'all' },
      false,
    ],
    [
      'a column is narrowed',
      { schema: schema.extend({ price: decimal(7, 2) }) },
      { kind: 'retyped', column: 'price', from: 'decimal(8,2)', to: 'decimal(7,2)', values: 'some' },
      true,
    ],
    [
      'a column gets a type that holds nothing of before',
      { schema: schema.extend({ line: z.iso.date() }) },
      { kind: 'retyped', column: 'line', from: 'int32', to: 'date', values: 'none' },
      true,
    ],
    [
      'a column must be there from now on',
      { schema: schema.extend({ text: z.string() }) },
      { kind: 'required', column: 'text' },
      true,
    ],
    [
      'a column may be NULL from now on',
      { schema: schema.extend({ price: decimal(8, 2).nullable() }) },
      { kind: 'optional', column: 'price' },
      false,
    ],
    [
      'rows are told apart by other columns',
      { rowKey: ['line'] },
      { kind: 'row-key', from: 'note, line', to: 'line' },
      true,
    ],
    [
      'partitions are others',
      { partitionBy: ['place', 'date'] },
      { kind: 'partition-by', from: 'shelf, date', to: 'place, date' },
      true,
    ],
    [
      'the same columns stand in another order',
      { schema: z.object({ text: schema.shape.text, ...schema.omit({ text: true }).shape }) },
      { kind: 'order' },
      false,
    ],
  ])('are told where %s', (_, change, expected, needsAuthor) => {
    const [found, ...others] = changesTo(change);
    expect([found, others]).toEqual([expected, []]);
    expect(effectOf(found!)).toMatchObject({ text: expect.stringMatching(/\w/), needsAuthor });
  });

  it('tell of a renamed item key once: the new column is filled with the ids', () => {
    const { note, ...others } = schema.shape;
    const renamed = {
      itemKey: 'leaf',
      rowKey: ['leaf', 'line'],
      schema: z.object({ leaf: note, ...others }),
    };
    expect(changesTo(renamed)).toEqual([
      { kind: 'removed', column: 'note', from: 'string' },
      { kind: 'item-key', from: 'note', to: 'leaf' },
      { kind: 'row-key', from: 'note, line', to: 'leaf, line' },
    ]);
  });
});
