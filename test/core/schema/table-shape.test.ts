import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decimal } from '../../../core/schema/columns.ts';
import { fingerprintOf, type ShapedTable, tableSchema } from '../../../core/schema/table-shape.ts';

const schema = z.object({ note: z.string(), line: z.int32(), price: decimal(8, 2).nullable() });
const notes: ShapedTable = {
  name: 'notes',
  itemKey: 'note',
  rowKey: ['note', 'line'],
  partitionBy: ['shelf', 'date'],
  schema,
};
const fingerprint = (change: Partial<ShapedTable>) => tableSchema({ ...notes, ...change }).fingerprint;

describe('the shape of a table', () => {
  it('has its columns as files have them, then the lineage, and its keys', () => {
    const { shape } = tableSchema(notes);
    expect(shape.columns.slice(0, 4)).toEqual([
      { name: 'note', type: 'string', isRequired: true },
      { name: 'line', type: 'int32', isRequired: true },
      { name: 'price', type: 'decimal(8,2)', isRequired: false },
      { name: '_run_id', type: 'string', isRequired: true },
    ]);
    expect(shape).toMatchObject({ table: 'notes', itemKey: 'note', partitionBy: ['shelf', 'date'] });
  });

  it('has another fingerprint for whatever its rows depend upon', () => {
    const changes: Partial<ShapedTable>[] = [
      { name: 'pages' },
      { itemKey: 'line' },
      { rowKey: ['note'] },
      { partitionBy: ['place', 'date'] },
      { schema: schema.extend({ title: z.string() }) },
      { schema: schema.extend({ title: z.string().nullable() }) },
      { schema: schema.omit({ price: true }) },
      { schema: schema.extend({ line: z.int() }) },
      { schema: schema.extend({ price: decimal(9, 2).nullable() }) },
      { schema: schema.extend({ note: z.string().nullable() }) },
      { schema: z.object({ line: z.int32(), note: z.string(), price: decimal(8, 2).nullable() }) },
    ];
    const all = [fingerprint({}), ...changes.map(fingerprint)];
    expect(new Set(all).size).toBe(all.length);
    for (const each of all) expect(each).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has the same for the same, whatever is said of its columns', () => {
    const described = z.object({
      note: z.enum(['a', 'b']).describe('its name'),
      line: z.int32().min(0),
      price: decimal(8, 2).optional(),
    });
    expect(fingerprint({ schema: described })).toBe(fingerprint({}));
    expect(fingerprintOf(tableSchema(notes).shape)).toBe(fingerprint({}));
  });
});
