import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeParquet } from '../../../core/lake/parquet.ts';
import { castCell } from '../../../core/schema/cast.ts';
import { type Cell, type Column, type ColumnType, duckDbType } from '../../../core/schema/columns.ts';
import { root, table, withWarehouse } from './parquet-lake.ts';

const column = (type: ColumnType): Column => ({
  name: 'it',
  type,
  nullable: true,
  ...(type === 'decimal' && { precision: 8, scale: 2 }),
});

const STORED: Readonly<Record<Exclude<ColumnType, 'json'>, readonly Cell[]>> = {
  string: [
    ...[
      '',
      ' ',
      '7',
      '007',
      '-7',
      '+7',
      ' 7',
      '7 ',
      '7.0',
      '7.5',
      '1.50',
      '1.505',
      '-0',
      '1e3',
      '0x10',
      'a horse',
    ],
    ...[
      '1675.25',
      '3000000000',
      '99999999999999999999',
      '1000000',
      '0.5',
      '.5',
      '5.',
      'true',
      'false',
      'TRUE',
      'yes',
    ],
    ...[
      '2026-11-20',
      '2026-02-30',
      '2026-11-20T00:00:00.000Z',
      '2026-11-20T10:00:00Z',
      '2026-11-20T10:00:00.25Z',
    ],
    ...[
      '2026-11-20T25:00:00Z',
      '2026-11-20 10:00',
      '2026-11-20T10:00',
      '20261120',
      'NaN',
      'Infinity',
      '0.0000125',
      'it\'s "so"',
    ],
  ],
  int32: [0, 7, -7, 1_000_000, 2_147_483_647, -2_147_483_648],
  int64: [0, 7, -7, 3_000_000_000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  double: [
    0, 7, -7, 0.5, 1675.25, 1.005, 1.5, 0.1, 1e15, 123456789.125, 3_000_000_000, 1e21, 1e-7, -1.25e-5, 1e-6,
    0.00012, 1.7e308,
  ],
  decimal: [0, 7, -7, 1.5, 1675.25, 999999.99],
  boolean: [true, false],
  date: ['2026-11-20', '1970-01-01'],
  timestamp: ['2026-11-20T00:00:00.000Z', '2026-11-20T10:00:00.250Z'],
};
const TYPES = Object.keys(STORED) as (keyof typeof STORED)[];

it.each(TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const)))(
  'SQL reads a column that was %s as %s by the rules for rows that are carried over',
  async (from, to) => {
    const columns = [{ name: 'it', duckdbType: duckDbType(column(to)) }];
    const tables = STORED[from].map((value, at) => {
      const file = join(root, `${at}.parquet`);
      writeFileSync(file, writeParquet([column(from)], [{ it: value }]));
      return table([file], { name: `of_${at}`, columns, partitionTypes: {} });
    });
    await withWarehouse(tables, async (warehouse) => {
      for (const [at, value] of STORED[from].entries()) {
        const read = await warehouse.query(`SELECT it FROM of_${at}`).then(
          ({ rows }) => rows[0]!.it,
          () => undefined,
        );
        const expected = from === to ? value : castCell(value, column(to));
        expect.soft({ value, read }).toStrictEqual({ value, read: expected });
      }
    });
  },
);
