import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
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

  it('gives back long columns of few values, of many, of one and of none', async () => {
    const few = fc.record(
      Object.fromEntries(
        COLUMNS.map(({ name, type, nullable }) => {
          const some = fc.constantFrom(...fc.sample(CELLS[type], { numRuns: 3, seed: 7 }));
          return [name, nullable ? fc.option(some, { nil: null, freq: 3 }) : some];
        }),
      ),
    );
    const repeated = fc.array(fc.tuple(few, fc.integer({ min: 1, max: 30 })), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(repeated, rows, async (runs, others) => {
        const written = [...runs.flatMap(([row, count]) => Array<Row>(count).fill(row as Row)), ...others];
        expect(await readParquet(writeParquet(COLUMNS, written), COLUMNS)).toEqual(written);
      }),
      { numRuns: 40 },
    );
  });

  it('tells 0 from -0, where most values are one of both', async () => {
    const columns: Column[] = [{ name: 'n', type: 'double', nullable: false }];
    const written = Array.from({ length: 40 }, (_, n) => ({ n: n % 3 === 0 ? -0 : 0 }));
    expect(await readParquet(writeParquet(columns, written), columns)).toEqual(written);
  });

  it('of more than a page, and of more than a row group, has every row', async () => {
    const columns: Column[] = [
      { name: 'n', type: 'int32', nullable: false },
      { name: 'text', type: 'string', nullable: true },
    ];
    // Nulls at both ends and between the pages; texts of 30 KB, one of them longer than a page.
    const texts = Array.from({ length: 200 }, (_, n): Row => {
      const text = n === 77 ? 'é'.repeat(700_000) : `${n} ${'x'.repeat(30_000)}`;
      return { n, text: n < 3 || n % 5 === 0 ? null : text };
    });
    expect(await readParquet(writeParquet(columns, texts), columns)).toEqual(texts);
    const many = Array.from({ length: 100_003 }, (_, n): Row => ({ n, text: null }));
    expect(await readParquet(writeParquet(columns, many), columns)).toEqual(many);
  });

  it.each<[ColumnType, unknown]>([
    ['string', 5],
    ['json', {}],
    ['int32', 2 ** 31],
    ['int32', '5'],
    ['int64', 0.5],
    ['double', '0.5'],
    ['decimal', 'a lot'],
    ['boolean', 1],
    ['date', 'today'],
    ['timestamp', 'now'],
    ['string', null],
  ])('of which a cell is no %s, but %j, is not written', (type, cell) => {
    const column = { name: 'cell', type, nullable: false, ...DIGITS };
    expect(() => writeParquet([column], [{ cell: cell as string }])).toThrow('column cell');
  });

  it('has the cells of all rows in place of their own', async () => {
    const written = [SAMPLE, { ...SAMPLE, string: null }];
    const same = { string: 'all', int64: 7, timestamp: '2026-11-26T18:43:18.365Z' };
    expect(await readParquet(writeParquet(COLUMNS, written, same), COLUMNS)).toEqual([
      { ...SAMPLE, ...same },
      { ...SAMPLE, ...same },
    ]);
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

  it('has the very rows, in pages and row groups of any length', async () => {
    const written = Array.from({ length: 300 }, (_, n): Row => {
      const text = n % 7 === 0 ? null : `${n % 2 ? 'é🐎' : 'a'} ${'x'.repeat(n * 50)}`;
      const of = { string: text, string_required: `k${n % 3}`, int32: n % 4 ? n : null, int32_required: 1 };
      return { ...SAMPLE, ...of, boolean: n % 3 ? n % 2 === 0 : null, double: n / 3 };
    });
    const file = new ParquetFile(COLUMNS, 130);
    for (const row of written) file.add(row);
    writeFileSync(join(folder, 'long.parquet'), file.end());
    const names = ['string', 'string_required', 'int32', 'int32_required', 'boolean', 'double'] as const;
    const sql = `SELECT ${names.map((name) => `"${name}"`)} FROM read_parquet('${folder}/long.parquet')`;
    expect(await query(sql)).toEqual(written.map((row) => names.map((name) => row[name])));
    const groups = `SELECT DISTINCT row_group_num_rows FROM parquet_metadata('${folder}/long.parquet') ORDER BY ALL`;
    expect(await query(groups)).toEqual([['40'], ['130']]);
  });

  it('finds each value by the bounds of its column, however long or strange it is', async () => {
    const texts = [
      ...['', 'a', 'ab', '\u{10ffff}'.repeat(9), '\uffff\ue000', '🐎', 'é'.repeat(40), `${'z'.repeat(15)}éa`],
      ...['x'.repeat(40), '\u007f'.repeat(20), `b${'\u007f'.repeat(20)}`, 'Mná na hÉireann, of old'],
    ];
    const doubles = [0, -0, 0.1, -1e300, Number.POSITIVE_INFINITY, Number.NaN];
    const written = texts.map((text, n): Row => {
      const [double, int32] = [doubles[n % doubles.length]!, n % 2 ? -n : n];
      const of = { double, int32, int64: int32 * 2 ** 40, decimal: int32 / 100, boolean: n % 2 === 0 };
      return { ...SAMPLE, string: text, ...of, date: `20${10 + n}-01-01` };
    });
    // Each row a file of its own and a row group of one file: whoever prunes by bounds would lose some.
    const file = new ParquetFile(COLUMNS, 2);
    for (const row of [...written, ...written.toReversed()]) file.add(row);
    writeFileSync(join(folder, 'bounds.parquet'), file.end());
    for (const name of ['string', 'double', 'int32', 'int64', 'decimal', 'boolean', 'date'] as const)
      for (const value of new Set(written.map((row) => row[name]!))) {
        const literal = `'${value}'::${name === 'date' ? 'DATE' : name === 'string' ? 'VARCHAR' : name === 'boolean' ? 'BOOLEAN' : name === 'decimal' ? 'DECIMAL(12,2)' : 'DOUBLE'}`;
        const count =
          2 *
          written.filter((row) => row[name] === value || (Number.isNaN(value) && Number.isNaN(row[name])))
            .length;
        const sql = `SELECT count(*)::INT FROM read_parquet('${folder}/bounds.parquet') WHERE "${name}" = ${literal}`;
        expect([name, value, await query(sql)]).toEqual([name, value, [[count]]]);
      }
  });

  it('tells bounds that no value is beyond', async () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 });
    const columns: Column[] = [{ name: 'text', type: 'string', nullable: false }];
    fc.assert(
      fc.property(texts, (some) => {
        const bytes = writeParquet(
          columns,
          some.map((text) => ({ text })),
        );
        const [group] = parquetMetadata(bytes.slice().buffer).row_groups;
        const { min_value, max_value, null_count } = group!.columns[0]!.meta_data!.statistics!;
        const bound = (value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(value as string);
        for (const text of some.map((one) => Buffer.from(one))) {
          expect(Buffer.compare(bound(min_value), text)).toBeLessThanOrEqual(0);
          expect(Buffer.compare(bound(max_value), text)).toBeGreaterThanOrEqual(0);
        }
        expect(null_count).toBe(0n);
      }),
    );
  });

  it('has a dictionary where the values of a column are more than one short page', async () => {
    const dictionaries = async (name: string, written: readonly Row[]) => {
      const relation = stored(name, written).replace('read_parquet', 'parquet_metadata');
      const sql = `SELECT path_in_schema FROM ${relation} WHERE dictionary_page_offset IS NOT NULL ORDER BY 1`;
      return (await query(sql)).flat();
    };
    const copies = (count: number) => Array<Row>(count).fill(SAMPLE);
    expect(await dictionaries('short', copies(4))).toEqual([]);
    // Of the others 31 are less than 256 bytes.
    expect(await dictionaries('long', copies(31))).toEqual(['json', 'string']);
  });

  it('of nulls alone has no page to decompress', async () => {
    const none = COLUMNS.filter(({ nullable }) => nullable).map(({ name }) => [name, null]);
    const written = Array<Row>(300).fill({ ...SAMPLE, ...Object.fromEntries(none) });
    const relation = stored('nulls', [...written, SAMPLE]);
    const [counts] = await query(`SELECT count(*), count("string"), count("date") FROM ${relation}`);
    expect(counts).toEqual(['301', '1', '1']);
    const alone = stored('only-nulls', written);
    expect(await query(`SELECT count(*), count("string"), max("double") FROM ${alone}`)).toEqual([
      ['300', '0', null],
    ]);
    const sizes = await query(
      `SELECT DISTINCT total_compressed_size < 40 FROM ${alone.replace('read_parquet', 'parquet_metadata')}
       WHERE stats_null_count = 300`,
    );
    expect(sizes).toEqual([[true]]);
    expect(await readParquet(writeParquet(COLUMNS, written), COLUMNS)).toEqual(written);
  });

  it('is compressed with zstd', async () => {
    const relation = stored('codec', [SAMPLE]).replace('read_parquet', 'parquet_metadata');
    expect(await query(`SELECT DISTINCT compression FROM ${relation}`)).toEqual([['ZSTD']]);
  });
});
