import { describe, expect, it } from 'vitest';
import { differenceOf } from './agreement.ts';

/** One row of one column, as each engine answers it. */
function difference(type: string, trino: unknown, duckdb: unknown): string | undefined {
  const columns = [{ name: 'cell', type }];
  return differenceOf({ columns, rows: [[trino]] }, { columns, rows: [{ cell: duckdb }] });
}

describe('two engines', () => {
  it.each([
    ['timestamp(3)', '2026-11-17 06:00:00.000', '2026-11-17T06:00:00.000Z'],
    ['timestamp(6)', '2026-11-17 06:00:00.120000', '2026-11-17T06:00:00.120Z'],
    ['date', '2026-11-17', '2026-11-17'],
    ['bigint', 9007199254740991, 9007199254740991],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['decimal(12,4)', '1675.2500', 1675.25],
    ['decimal(12,4)', '100.0000', 100],
    ['double', 0.30000000000000004, 0.3],
    ['varchar', '', ''],
    ['boolean', false, false],
    ['varchar', null, null],
  ])('agree in a %s whichever way each writes it', (type, trino, duckdb) => {
    expect(difference(type, trino, duckdb)).toBeUndefined();
  });

  it.each([
    ['timestamp(3)', '2026-11-17 06:00:00.001', '2026-11-17T06:00:00.000Z'],
    ['bigint', 9007199254740991, 9007199254740990],
    ['decimal(12,4)', '1675.2501', 1675.25],
    ['decimal(12,0)', '100', 1],
    ['double', 0.3, 0.3000001],
    ['double', null, 0],
    ['varchar', '007', '7'],
    ['varchar', '', null],
    ['boolean', false, null],
  ])('differ in a %s that is another value', (type, trino, duckdb) => {
    expect(difference(type, trino, duckdb)).toMatch(/^cell: Trino /);
  });

  it('agree whatever the order of rows, and differ in their number, names and columns', () => {
    const columns = [{ name: 'a', type: 'integer' }];
    const trino = { columns, rows: [[1], [2]] };
    expect(differenceOf(trino, { columns, rows: [{ a: 2 }, { a: 1 }] })).toBeUndefined();
    expect(differenceOf(trino, { columns, rows: [{ a: 2 }, { a: 2 }] })).toMatch(/^a: /);
    expect(differenceOf(trino, { columns, rows: [{ a: 1 }] })).toBe('Trino 2 rows, DuckDB 1');
    const named = [{ name: 'b', type: 'integer' }];
    expect(differenceOf(trino, { columns: named, rows: [] })).toMatch(/^columns: /);
  });
});
