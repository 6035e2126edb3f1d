import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ATTEMPT_SCHEMA, COMMIT_SCHEMA, RUN_SCHEMA } from '../../../core/lake/log-tables.ts';
import { columnsOf, DUCKDB_TYPES, tableColumns } from '../../../core/schema/columns.ts';
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
    ['boolean', z.boolean()],
    ['date', z.iso.date()],
    ['timestamp', z.iso.datetime()],
  ] as const)('are of type %s for such a field', (type, field) => {
    expect(columnsOf(z.object({ it: field }))).toEqual([{ name: 'it', type, nullable: false }]);
    expect(columnsOf(z.object({ it: field.nullable() }))).toEqual([{ name: 'it', type, nullable: true }]);
    expect(DUCKDB_TYPES).toHaveProperty(type);
  });

  it.each([
    ['an array', z.array(z.string())],
    ['an object', z.object({ a: z.string() })],
    ['a union', z.union([z.string(), z.number()])],
    ['a field that may be absent', z.string().optional()],
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

  it('stand in the order of the schema, the lineage behind them', () => {
    const columns = tableColumns(z.object({ z: z.string(), a: z.string() })).map(({ name }) => name);
    expect(columns).toEqual(['z', 'a', '_run_id', '_source_url', '_scraped_at', '_committed_at', '_capture']);
  });

  it('of every table of the house exist and are described, for the Glue comments', () => {
    const tables = [tableColumns(racing.table.schema), columnsOf(ATTEMPT_SCHEMA), columnsOf(COMMIT_SCHEMA)];
    for (const column of tables.flat()) expect(column.comment, column.name).toBeTruthy();
    expect(columnsOf(RUN_SCHEMA).length).toBeGreaterThan(10);
  });
});
