import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { attemptSchema, commitSchema, runSchema } from '../../../core/lake/log-tables.ts';
import { cellsOf, columnsOf, decimal, duckDbType, tableColumns } from '../../../core/schema/columns.ts';
import { racing } from '../../../sources/racing/source.ts';

describe('the columns of a schema', () => {
  it.each([
    ['string', z.string()],
    ['string', z.enum(['a', 'b'])],
    ['string', z.url()],
    ['int32', z.int32()],
    ['int64', z.int()],
    ['double', z.number()],
    ['double', z.number().min(0)],
    ['int64', z.number().int()],
    ['int64', z.number().int().min(0)],
    ['int32', z.int32().min(0)],
    ['boolean', z.boolean()],
    ['json', z.array(z.string())],
    ['json', z.object({ a: z.string() })],
    ['json', z.record(z.string(), z.number())],
    ['date', z.iso.date()],
    ['timestamp', z.iso.datetime()],
  ] as const)('are of type %s for such a field', (type, field) => {
    expect(columnsOf(z.object({ it: field }))).toEqual([{ name: 'it', type, nullable: false }]);
    expect(columnsOf(z.object({ it: field.nullable() }))).toEqual([{ name: 'it', type, nullable: true }]);
    expect(columnsOf(z.object({ it: field.optional() }))).toEqual([{ name: 'it', type, nullable: true }]);
    expect(duckDbType({ name: 'it', type, nullable: true })).toMatch(/^[A-Z]+$/);
  });

  it.each([
    ['a union', z.union([z.string(), z.number()])],
    ['a bigint', z.bigint()],
    ['an unsigned integer, which no engine has', z.uint32()],
    ['a float of 32 bits', z.float32()],
    ['a Date object', z.date()],
    ['anything', z.any()],
  ])('are refused for %s, by name', (_, field) => {
    expect(() => columnsOf(z.object({ odd: field }))).toThrow(/^odd: no column type/);
    const problems: string[] = [];
    expect(
      columnsOf(z.object({ good: z.string(), odd: field }), (problem) => problems.push(problem)),
    ).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(/^odd: /)]);
  });

  it('carry the description, from inside or outside of nullable()', () => {
    const schema = z.object({
      a: z.string().describe('inner').nullable(),
      b: z.string().nullable().describe('outer'),
    });
    expect(columnsOf(schema).map(({ comment }) => comment)).toEqual(['inner', 'outer']);
  });

  it('keep a decimal to the digit, described or not', () => {
    const price = decimal(6, 2);
    const schema = z.object({
      a: price,
      b: price.nullable().describe('b'),
      c: price.describe('c').optional(),
    });
    const columns = columnsOf(schema);
    expect(columns).toMatchObject([
      { name: 'a', type: 'decimal', nullable: false, precision: 6, scale: 2 },
      { name: 'b', type: 'decimal', nullable: true, precision: 6, scale: 2, comment: 'b' },
      { name: 'c', type: 'decimal', nullable: true, precision: 6, scale: 2, comment: 'c' },
    ]);
    expect(duckDbType(columns[0]!)).toBe('DECIMAL(6, 2)');
    const fits = (value: number) => price.safeParse(value).success;
    expect([0, 1.13, -9999.99, 0.1 + 0.2, 1.005, 10_000, Number.NaN].map(fits)).toEqual([
      ...[true, true, true, false, false, false, false],
    ]);
    expect(() => decimal(16, 2)).toThrow('decimal(16, 2): at most 15 digits');
  });

  it('take a record as cells: what is absent is null, lists and objects are JSON', () => {
    const schema = z.object({
      a: z.string().optional(),
      b: z.array(z.int()),
      c: z.object({ d: z.int() }).nullable(),
    });
    expect(cellsOf(schema, { b: [1, 2], c: { d: 3 } })).toEqual({ a: null, b: '[1,2]', c: '{"d":3}' });
    expect(cellsOf(schema, { a: 'x', b: [], c: null })).toEqual({ a: 'x', b: '[]', c: null });
    const record = { a: 'x' };
    expect(cellsOf(z.object({ a: z.string() }), record)).toBe(record);
  });

  it('stand in the order of the schema, the lineage behind them', () => {
    const columns = tableColumns(z.object({ z: z.string(), a: z.string() })).map(({ name }) => name);
    expect(columns).toEqual(['z', 'a', '_run_id', '_source_url', '_scraped_at', '_committed_at', '_capture']);
  });

  it('of every table of the house exist and are described, for the Glue comments', () => {
    const tables = [tableColumns(racing.table.schema), columnsOf(attemptSchema()), columnsOf(commitSchema())];
    for (const column of tables.flat()) expect(column.comment, column.name).toBeTruthy();
    expect(columnsOf(runSchema()).length).toBeGreaterThan(10);
  });
});
