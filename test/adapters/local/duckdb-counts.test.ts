import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import { fileStamp } from '../../../adapters/local/file-stamp.ts';
import { openRememberedFooters } from '../../../adapters/local/remembered-footers.ts';
import type { Warehouse } from '../../../core/ports/warehouse.ts';
import { days, parquet, root, table } from './parquet-lake.ts';

/** Five days, of two schemas and two countries, with a different number of rows each: 15 rows. */
async function lake(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const day of [1, 2, 3]) files.push(...(await days(rowsOf(day), day + 10, day + 10)));
  const narrow = `SELECT i AS n FROM range(4) t(i)`;
  files.push(await parquet(join(root, 'lake/data/t/country=ie/date=2025-11-11/v-1.parquet'), narrow));
  files.push(await parquet(join(root, 'lake/data/t/country=ie/date=2025-11-12/v-1.parquet'), rowsOf(5)));
  return files;
}
const rowsOf = (count: number) =>
  `SELECT i::INTEGER AS n, CASE WHEN i > 0 THEN i * 1.5 END AS price FROM range(${count}) t(i)`;

async function withRemembered<T>(
  files: readonly string[],
  use: (warehouse: Warehouse) => Promise<T>,
  stamps?: ReadonlyMap<string, string>,
): Promise<T> {
  const remembered = openRememberedFooters(join(root, '.columns.sqlite'));
  const relations = [table(files, stamps && { stamps })];
  const warehouse = openDuckDbWarehouse({ relations, threads: 1, remembered });
  try {
    return await use(warehouse);
  } finally {
    await warehouse.close();
  }
}

const COUNTS = [
  ['SELECT count(*) AS n FROM results', [{ n: 15 }]],
  [
    'SELECT country, count(*) AS rows FROM results GROUP BY ALL ORDER BY ALL',
    [
      { country: 'gb', rows: 6 },
      { country: 'ie', rows: 9 },
    ],
  ],
  ["SELECT count(*) AS rows FROM results WHERE date = '2025-11-11'", [{ rows: 5 }]],
  ["SELECT count(*) AS rows FROM results WHERE date < '1999-01-01'", [{ rows: 0 }]],
  ['SELECT count(DISTINCT date) AS days, max(date) AS last FROM results', [{ days: 3, last: '2025-11-13' }]],
  ['SELECT count(*) AS rows FROM results a JOIN results b USING (country, date)', [{ rows: 55 }]],
  ['SELECT DISTINCT country FROM results ORDER BY 1', [{ country: 'gb' }, { country: 'ie' }]],
] as const;

/** Each reads columns of the files, though none is named as a word, or none that is read. */
const HIDDEN = [
  ['SELECT sum(x) AS x FROM (FROM results) AS t(x)', [{ x: 20 }]],
  ['SELECT count(x) AS x FROM (TABLE results) AS t(a, x)', [{ x: 7 }]],
  ["SELECT sum(COLUMNS('pric.')) AS x FROM results", [{ x: 21 }]],
  ["SELECT max(TRY(COLUMNS('pric.'))) AS x FROM results", [{ x: 6 }]],
  ["SELECT max(TRY_CAST(COLUMNS('^n$') AS VARCHAR)) AS x FROM results", [{ x: '4' }]],
  ['SELECT count(DISTINCT results) AS x FROM results', [{ x: 15 }]],
  ['SELECT count(DISTINCT hash(results)) AS x FROM results', [{ x: 15 }]],
  ['SELECT count(*) AS x FROM (SELECT 2 AS n, 3.0 AS price) t NATURAL JOIN results', [{ x: 2 }]],
  ['SELECT count(*) AS x FROM (SELECT DISTINCT ON (country) results FROM results)', [{ x: 2 }]],
  ["SELECT count(*) AS x FROM query('FROM results')", [{ x: 15 }]],
  ["SELECT sum(x) AS x FROM query_table('results') AS t(x)", [{ x: 20 }]],
  ['SELECT count(*) AS x FROM (FROM results INTERSECT FROM results)', [{ x: 15 }]],
  ["SELECT json_extract(to_json(results), '$.price') AS x FROM results ORDER BY 1 LIMIT 1", [{ x: '1.5' }]],
] as const;

describe('a statement that reads no column of a table', () => {
  it.each(COUNTS)('opens none of its files: %s', async (sql, rows) => {
    const files = await lake();
    const before = await withRemembered(files, (warehouse) => warehouse.query(sql));
    expect(before.rows).toEqual(rows);
    // Those that the lake has made sure of are known by their stamps, wherever the files are by now.
    const stamps = new Map(files.map((file) => [file, fileStamp(file)!]));
    for (const file of files) rmSync(file);
    const after = await withRemembered(files, (warehouse) => warehouse.query(sql), stamps);
    expect(after).toEqual(before);
    await expect(
      withRemembered(files, (warehouse) => warehouse.query('SELECT sum(n) FROM results'), stamps),
    ).rejects.toThrow(/is gone/);
  });

  it('counts a file that was written since as it is now', async () => {
    const files = await lake();
    const count = () =>
      withRemembered(files, async (warehouse) => {
        return (await warehouse.query('SELECT count(*) AS rows FROM results')).rows[0]?.rows;
      });
    expect(await count()).toBe(15);
    await parquet(files[0]!, rowsOf(20));
    expect(await count()).toBe(34);
    writeFileSync(files[0]!, 'no parquet');
    await expect(count()).rejects.toThrow(/v-1\.parquet/);
  });

  it.each(HIDDEN)('is told from one that does: %s', async (sql, rows) => {
    const files = await lake();
    for (const _ of ['first', 'remembered'])
      await withRemembered(files, async (warehouse) => {
        expect((await warehouse.query(sql)).rows).toEqual(rows);
      });
  });

  it('has the rows of its files in the order in which they would be read, of any number', async () => {
    const files = [
      ...(await days(rowsOf(2), 10, 10)),
      ...(await days(rowsOf(4_501), 11, 11)),
      ...(await days('SELECT 1 AS n WHERE false', 12, 12)),
      ...(await days('SELECT i AS n FROM range(3) t(i)', 13, 13)),
      ...(await days(rowsOf(2), 14, 14)),
    ];
    await withRemembered(files, async (warehouse) => {
      const places = async (column: string, sum: string) => {
        const placed = `SELECT ${column}, row_number() OVER () AS place FROM results`;
        const sql = `SELECT date, min(place) AS first, max(place) AS last, ${sum} FROM (${placed}) GROUP BY 1 ORDER BY 2`;
        return (await warehouse.query(sql)).rows.map(({ date, first, last }) => [date, first, last]);
      };
      const counted = await places('date', 'count(*)');
      expect(counted).toEqual([
        ['2025-11-10', 1, 2],
        ['2025-11-11', 3, 4_503],
        ['2025-11-14', 4_504, 4_505],
        ['2025-11-13', 4_506, 4_508],
      ]);
      expect(await places('date, n', 'sum(n)')).toEqual(counted);
      expect((await warehouse.query('SELECT count(*) AS rows FROM results')).rows).toEqual([{ rows: 4_508 }]);
    });
  });

  it('of a file without rows, and of no file, counts none', async () => {
    for (const files of [await days('SELECT 1 AS n WHERE false', 10, 11), []])
      await withRemembered(files, async (warehouse) => {
        expect((await warehouse.query('SELECT count(*) AS rows FROM results')).rows).toEqual([{ rows: 0 }]);
        expect((await warehouse.query('SELECT date FROM results')).rows).toEqual([]);
      });
  });

  it('takes the sample of a seed that one takes which reads columns', async () => {
    await withRemembered(await days(rowsOf(3_000), 10, 12), async (warehouse) => {
      const sample = 'FROM results USING SAMPLE 10% (bernoulli, 42)';
      const [counted] = (await warehouse.query(`SELECT count(*) AS rows ${sample}`)).rows;
      const [read] = (await warehouse.query(`SELECT count(*) AS rows, sum(n) AS n ${sample}`)).rows;
      expect(counted?.rows).toBe(read?.rows);
    });
  });

  it('is refused within a function, which knows no files', async () => {
    await withRemembered(await lake(), async (warehouse) => {
      for (const inner of ['SELECT count(*) FROM results', 'SELECT country FROM results', 'FROM results']) {
        const sql = `FROM json_execute_serialized_sql(json_serialize_sql('${inner}'))`;
        await expect(warehouse.query(sql), inner).rejects.toThrow(/function cannot read|NULL list/);
      }
    });
  });

  it('names a file that is in none of the folders of its table', async () => {
    const [file] = await days();
    for (const folders of [
      'country=gb/copy=2020-01-01',
      'countrygb/date2025-11-10',
      'date=2025-11-10/x',
      '',
    ]) {
      const stray = join(root, 'lake/data/t', folders, 'v-1.parquet');
      await parquet(stray, rowsOf(1));
      await withRemembered([file!, stray], async (warehouse) => {
        for (const columns of ['count(*)', 'max(date)', 'max(n)'])
          await expect(warehouse.query(`SELECT ${columns} FROM results`)).rejects.toThrow(
            `${stray} is no file of results: move it away`,
          );
      });
    }
  });

  it('may stand before and behind one that does, and columns have their types and comments', async () => {
    await withRemembered(await lake(), async (warehouse) => {
      const count = async () => (await warehouse.query('SELECT count(*) AS rows FROM results')).rows;
      expect(await count()).toEqual([{ rows: 15 }]);
      const comments =
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'results' AND comment NOT NULL";
      expect((await warehouse.query(comments)).rows).toHaveLength(1);
      const none = await warehouse.query('FROM results LIMIT 0');
      expect(none.columns.map(({ type }) => type)).toEqual(['INTEGER', 'DOUBLE', 'VARCHAR', 'DATE']);
      expect((await warehouse.query('SELECT sum(price) AS sum FROM results')).rows).toEqual([{ sum: 21 }]);
      expect(await count()).toEqual([{ rows: 15 }]);
      expect((await warehouse.query(comments)).rows).toHaveLength(1);
      expect((await warehouse.query('SUMMARIZE results')).rows).toHaveLength(4);
    });
  });

  it('fails as every other where it fails by itself', async () => {
    await withRemembered(await lake(), async (warehouse) => {
      const fails = (sql: string) => expect(warehouse.query(sql)).rejects;
      await fails("SELECT error('its files were not read: ' || country) FROM results").toThrow(
        /its files were not read: gb/,
      );
      await fails('SELECT count(*) FROM results WHERE nothing').toThrow(/nothing/);
    });
  });
});
