import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParquetFile, readParquet, writeParquet } from '../../../core/lake/parquet.ts';
import type { Column, ColumnType, Row } from '../../../core/schema/columns.ts';

const TYPES: readonly ColumnType[] = [
  ...(['string', 'int32', 'int64', 'double', 'decimal', 'boolean', 'date', 'timestamp', 'json'] as const),
];
/** Of the decimals. */
const DIGITS = { precision: 12, scale: 2 };
/** A column of each type that may be null, and one of each that may not. */
const COLUMNS: readonly Column[] = TYPES.flatMap((type) => [
  { name: type, type, nullable: true, ...DIGITS },
  { name: `${type}_required`, type, nullable: false, ...DIGITS },
]);

const day = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const CELLS: Readonly<Record<ColumnType, fc.Arbitrary<string | number | boolean>>> = {
  string: fc.string({ unit: 'binary' }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true }),
  decimal: fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }).map((cents) => cents / 100),
  boolean: fc.boolean(),
  json: fc.json(),
  date: day.map((date) => date.toISOString().slice(0, 10)),
  timestamp: day.map((date) => date.toISOString()),
};
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record(
    Object.fromEntries(
      COLUMNS.map(({ name, type, nullable }) => [
        name,
        nullable ? fc.option(CELLS[type], { nil: null }) : CELLS[type],
      ]),
    ),
  ),
  { maxLength: 20 },
);

const SAMPLE: Row = {
  string: 'Mná na hÉireann 🐎 «été» \u0000"\'',
  string_required: '',
  int32: -2147483648,
  int32_required: 2147483647,
  int64: null,
  int64_required: Number.MAX_SAFE_INTEGER,
  double: 0.1,
  double_required: -1e300,
  decimal: null,
  decimal_required: 1.13,
  json: '["a",null]',
  json_required: '{}',
  boolean: null,
  boolean_required: false,
  date: '1969-12-31',
  date_required: '2026-02-28',
  timestamp: '2026-11-20T23:59:59.999Z',
  timestamp_required: '1969-07-20T20:17:40.000Z',
};

describe('a Parquet file', () => {
  it('gives back every row that was written, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        expect(await readParquet(writeParquet(COLUMNS, written), COLUMNS)).toEqual(written);
      }),
      { numRuns: 150 },
    );
  });

  it('gives back a byte order mark at the start of a text', async () => {
    const written = [{ ...SAMPLE, string_required: '\ufeffmark' }];
    expect(await readParquet(writeParquet(COLUMNS, written), COLUMNS)).toEqual(written);
  });

  it('has the same bytes for the same rows', () => {
    fc.assert(
      fc.property(rows, (written) => {
        expect(writeParquet(COLUMNS, structuredClone(written))).toEqual(writeParquet(COLUMNS, written));
      }),
      { numRuns: 30 },
    );
  });

  it('may be without rows', async () => {
    expect(await readParquet(writeParquet(COLUMNS, []), COLUMNS)).toEqual([]);
  });

  it('of an older schema reads as null where it has no such column', async () => {
    const old = writeParquet([{ name: 'a', type: 'string', nullable: false }], [{ a: 'x' }]);
    const grown: Column[] = [
      { name: 'a', type: 'string', nullable: false },
      { name: 'b', type: 'date', nullable: true },
    ];
    expect(await readParquet(old, grown)).toEqual([{ a: 'x', b: null }]);
  });

  it.each([
    ['nothing', 0],
    ['its first half', 0.5],
    ['all but its last byte', -1],
  ])('of which only %s is left is refused', async (_, share) => {
    const whole = writeParquet(COLUMNS, Array(50).fill(SAMPLE));
    const rest = share < 0 ? whole.slice(0, share) : whole.slice(0, whole.length * share);
    await expect(readParquet(rest, COLUMNS)).rejects.toThrow();
  });

  it('is read where it lies in the midst of a larger buffer', async () => {
    const whole = writeParquet(COLUMNS, [SAMPLE]);
    const padded = new Uint8Array(whole.length + 20);
    padded.set(whole, 7);
    expect(await readParquet(padded.subarray(7, 7 + whole.length), COLUMNS)).toEqual([SAMPLE]);
  });
});

describe('a Parquet file that grows a row at a time', () => {
  it.each([1, 3, 7, 100])('has the same rows in their order, in groups of %i', async (groupRows) => {
    const written = Array.from({ length: 7 }, (_, n): Row => ({ ...SAMPLE, int32: n }));
    const file = new ParquetFile(COLUMNS, groupRows);
    for (const row of written) file.add(row);
    expect(file.rows).toBe(7);
    expect(await readParquet(file.end(), COLUMNS)).toEqual(written);
  });
});

describe('a Parquet file that DuckDB reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-parquet-'));
  let query: (sql: string) => Promise<unknown[][]>;
  let close: () => void;

  beforeAll(async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    query = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
    close = () => {
      connection.closeSync();
      instance.closeSync();
    };
  });
  afterAll(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = (name: string, written: readonly Row[]) => {
    const file = join(folder, `${name}.parquet`);
    writeFileSync(file, writeParquet(COLUMNS, written));
    return `read_parquet('${file}')`;
  };

  it('has the types that the columns promise', async () => {
    const described = await query(`DESCRIBE SELECT * FROM ${stored('types', [SAMPLE])}`);
    const types: Record<string, string> = {
      string: 'VARCHAR',
      json: 'VARCHAR',
      decimal: 'DECIMAL(12,2)',
      int32: 'INTEGER',
      int64: 'BIGINT',
      double: 'DOUBLE',
      boolean: 'BOOLEAN',
      date: 'DATE',
    };
    for (const [name, type] of described) {
      const column = COLUMNS.find((one) => one.name === name)!;
      if (column.type === 'timestamp') expect(type).toMatch(/^TIMESTAMP/);
      else expect([name, type]).toEqual([name, types[column.type]]);
    }
    expect(described).toHaveLength(COLUMNS.length);
  });

  it('has the very values: integers of 64 bits, dates before 1970, milliseconds, letters of every script, null', async () => {
    const sql = `SELECT "string", int64_required, int64, "double", "boolean", boolean_required,
      strftime("date", '%Y-%m-%d'), strftime("timestamp", '%Y-%m-%dT%H:%M:%S.%g'), strftime(timestamp_required, '%Y-%m-%dT%H:%M:%S.%g'),
      int32, int32_required FROM ${stored('values', [SAMPLE])}`;
    expect(await query(sql)).toEqual([
      [
        SAMPLE.string,
        String(Number.MAX_SAFE_INTEGER),
        null,
        0.1,
        null,
        false,
        '1969-12-31',
        '2026-11-20T23:59:59.999',
        '1969-07-20T20:17:40.000',
        -2147483648,
        2147483647,
      ],
    ]);
  });

  it('counts as an empty table where it has no rows', async () => {
    expect(await query(`SELECT count(*)::INT FROM ${stored('empty', [])}`)).toEqual([[0]]);
  });

  it('can be empty beside one that is not, and both are one table', async () => {
    stored('two-a', []);
    stored('two-b', [SAMPLE, SAMPLE]);
    expect(
      await query(`SELECT count(*)::INT, max("date")::VARCHAR FROM read_parquet('${folder}/two-*.parquet')`),
    ).toEqual([[2, '1969-12-31']]);
  });

  it('is compressed with zstd', async () => {
    const relation = stored('codec', [SAMPLE]).replace('read_parquet', 'parquet_metadata');
    expect(await query(`SELECT DISTINCT compression FROM ${relation}`)).toEqual([['ZSTD']]);
  });
});
