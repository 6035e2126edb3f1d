import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LocalRelation } from '../../../adapters/local/duckdb-relation.ts';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import { type SqlValue, WarehouseError } from '../../../core/ports/warehouse.ts';
import { warehouseContract, warehouseFixture } from '../../contracts/warehouse.contract.ts';
import { days, parquet, root, table, withWarehouse } from './parquet-lake.ts';

warehouseContract('the DuckDB warehouse', async () => {
  const lake = mkdtempSync(join(tmpdir(), 'rescrape-contract-'));
  const files: string[] = [];
  for (const [index, row] of warehouseFixture.rows.entries()) {
    const literals = Object.entries(warehouseFixture.columns).map(([name, type]) => {
      const value = row[name as keyof typeof row];
      return `CAST(${value === null ? 'NULL' : `'${String(value).replace(/Z$/, '').replaceAll("'", "''")}'`} AS ${type}) AS ${name}`;
    });
    const path = join(lake, `country=${row.country}/day=${row.day}/${index}.parquet`);
    files.push(await parquet(path, `SELECT ${literals.join(', ')}`));
  }
  const columns = Object.entries(warehouseFixture.columns).map(([name, duckdbType]) => ({
    name,
    duckdbType,
  }));
  const warehouse = openDuckDbWarehouse({
    relations: [
      {
        name: warehouseFixture.table,
        kind: 'table',
        files,
        columns,
        partitionTypes: warehouseFixture.partitions,
      },
    ],
  });
  return {
    query: (sql: string, parameters?: readonly SqlValue[]) => warehouse.query(sql, parameters),
    async close() {
      await warehouse.close();
      rmSync(lake, { recursive: true });
    },
  };
});

describe('a table of the DuckDB warehouse', () => {
  it('has its columns, then its partition columns, with the types that were declared', async () => {
    await withWarehouse([table(await days())], async (warehouse) => {
      const { columns, rows } = await warehouse.query(
        "SELECT * FROM results WHERE date = '2025-11-12' ORDER BY n",
      );
      expect(columns).toEqual([
        { name: 'n', type: 'INTEGER' },
        { name: 'price', type: 'DOUBLE' },
        { name: 'country', type: 'VARCHAR' },
        { name: 'date', type: 'DATE' },
      ]);
      expect(rows[2]).toEqual({ n: 2, price: 3, country: 'gb', date: '2025-11-12' });
    });
  });

  it('is there and empty where it has no files', async () => {
    await withWarehouse([table([])], async (warehouse) => {
      const { columns, rows } = await warehouse.query('SELECT * FROM results');
      expect(rows).toEqual([]);
      expect(columns.map(({ type }) => type)).toEqual(['INTEGER', 'DOUBLE', 'VARCHAR', 'DATE']);
    });
  });

  it('may lie under a path with quotes and spaces', async () => {
    const file = await parquet(join(root, "it's a lake/x.parquet"), 'SELECT 1 AS n, 2.0 AS price');
    await withWarehouse([table([file], { partitionTypes: undefined })], async (warehouse) => {
      expect((await warehouse.query('SELECT * FROM results')).rows).toEqual([{ n: 1, price: 2 }]);
    });
  });

  it.each([
    'date=2020-01-01',
    'country=zz',
    'country=zz/date=2020-01-01',
    'a b',
    `it's "so"`,
    '50%25',
    'a[b]c',
    'a*b',
    'a?[b]',
    '{a,b}',
    'back\\slash',
    'ünï🐎',
    '_x',
    '.hidden',
    'new\nline',
  ])('has the values of its own folders below a folder called %j', async (folder) => {
    // A neighbour that the name would fit as a pattern.
    await parquet(join(root, 'a b/country=us/date=2025-11-12/v-1.parquet'), 'SELECT 9 AS n, 9.0 AS price');
    const files = [
      await parquet(
        join(root, folder, 'country=gb/date=2025-11-10/v-1.parquet'),
        'SELECT 1 AS n, 2.0 AS price',
      ),
      await parquet(join(root, folder, 'country=50%25/date=2025-11-11/v-1.parquet'), 'SELECT 2 AS n'),
    ];
    await withWarehouse([table(files)], async (warehouse) => {
      const { columns, rows } = await warehouse.query('SELECT * FROM results ORDER BY n');
      expect(columns.map(({ name }) => name)).toEqual(['n', 'price', 'country', 'date']);
      expect(rows).toEqual([
        { n: 1, price: 2, country: 'gb', date: '2025-11-10' },
        { n: 2, price: null, country: '50%25', date: '2025-11-11' },
      ]);
      expect((await warehouse.query("SELECT n FROM results WHERE country = 'gb'")).rows).toEqual([{ n: 1 }]);
    });
  });

  it.each(['first', 'last'] as const)('shows null for a column that its %s files lack', async (place) => {
    const old = await days('SELECT 1::INTEGER AS n', 10, 12);
    const recent = await days('SELECT 1::INTEGER AS n, 2.5 AS price', 13, 14);
    const files = place === 'first' ? [...old, ...recent] : [...recent, ...old];
    const columns = [...table([]).columns, { name: 'planned', duckdbType: 'DATE' }];
    await withWarehouse([table(files, { columns })], async (warehouse) => {
      expect(
        (
          await warehouse.query(
            'SELECT count(*) AS rows, count(price) AS priced, count(planned) AS planned FROM results',
          )
        ).rows,
      ).toEqual([{ rows: 5, priced: 2, planned: 0 }]);
    });
  });

  it('shows null for a column that only files in the middle lack, also through a view', async () => {
    const files = [
      ...(await days('SELECT 1::INTEGER AS n, 2.5 AS price', 10, 10)),
      ...(await days('SELECT 1::INTEGER AS n', 11, 12)),
    ];
    const view: LocalRelation = {
      name: 'priced',
      kind: 'view',
      sql: 'SELECT sum(price) AS total, count(*) AS rows FROM results',
    };
    await withWarehouse([view, table(files)], async (warehouse) => {
      expect((await warehouse.query('SELECT * FROM priced')).rows).toEqual([{ total: 2.5, rows: 3 }]);
    });
  });

  it('shows what is in a file that was rewritten since it was read', async () => {
    const [file = ''] = await days('SELECT 1::INTEGER AS n, 0.0 AS price', 10, 10);
    await withWarehouse([table([file])], async (warehouse) => {
      expect((await warehouse.query('SELECT sum(n) AS n FROM results')).rows).toEqual([{ n: 1 }]);
      await days('SELECT i::INTEGER AS n, 0.0 AS price FROM range(1000) t(i)', 10, 10);
      expect((await warehouse.query('SELECT sum(n) AS n FROM results')).rows).toEqual([{ n: 499500 }]);
    });
  });

  it('opens no file that the partition columns rule out', async () => {
    const files = await days();
    writeFileSync(files[4] ?? '', 'garbage');
    await withWarehouse([table(files)], async (warehouse) => {
      expect(
        (await warehouse.query("SELECT count(*) AS n FROM results WHERE date < '2025-11-13'")).rows,
      ).toEqual([{ n: 9 }]);
    });
  });
});

describe('the relations of the DuckDB warehouse', () => {
  it('are listed with the comments of their columns', async () => {
    const view: LocalRelation = {
      name: 'daily',
      kind: 'view',
      sql: 'SELECT date, count(*) AS n FROM results GROUP BY date',
    };
    await withWarehouse([table(await days()), view], async (warehouse) => {
      const { rows } = await warehouse.query(
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'results' AND comment IS NOT NULL",
      );
      expect(rows).toEqual([{ column_name: 'n', comment: 'it’s a "number"' }]);
      expect((await warehouse.query('SHOW TABLES')).rows).toEqual([{ name: 'daily' }, { name: 'results' }]);
      const all = await warehouse.query('SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL');
      expect(all.rows).toEqual([{ comment: 'it’s a "number"' }]);
    });
  });

  it('may build on one another in any order, and mention words that are names of others', async () => {
    const relations: LocalRelation[] = [
      { name: 'top', kind: 'view', sql: 'SELECT n AS bottom FROM middle' },
      { name: 'bottom', kind: 'view', sql: 'SELECT count(*) AS top FROM results' },
      { name: 'middle', kind: 'view', sql: 'SELECT top + 1 AS n FROM bottom' },
      table(await days()),
    ];
    const expected = { top: { bottom: 16 }, bottom: { top: 15 }, middle: { n: 16 } };
    for (const first of ['top', 'bottom', 'middle'] as const) {
      await withWarehouse(relations, async (warehouse) => {
        expect((await warehouse.query(`FROM ${first}`)).rows).toEqual([expected[first]]);
      });
    }
    await withWarehouse(relations, async (warehouse) => {
      const names = ['top', 'bottom', 'middle', 'top'] as const;
      const answers = await Promise.all(names.map((name) => warehouse.query(`FROM ${name}`)));
      expect(answers.map(({ rows }) => rows[0])).toEqual(names.map((name) => expected[name]));
    });
  });

  it('that are wrong are an error of one line, and the others work', async () => {
    const wrong: LocalRelation = { name: 'wrong', kind: 'view', sql: 'SELECT nothing FROM results' };
    await withWarehouse([wrong, table(await days())], async (warehouse) => {
      await expect(warehouse.query('FROM wrong')).rejects.toThrow(
        /^Binder Error: .*"nothing" not found[^\n]*$/,
      );
      expect((await warehouse.query('SELECT count(*) AS n FROM results')).rows).toEqual([{ n: 15 }]);
    });
  });

  it('that are damaged do not stand in the way of others', async () => {
    const [good = '', bad = ''] = await days(undefined, 10, 11);
    writeFileSync(bad, 'garbage');
    await withWarehouse([table([bad]), table([good], { name: 'fine' })], async (warehouse) => {
      expect((await warehouse.query('SELECT count(*) AS n FROM fine')).rows).toEqual([{ n: 3 }]);
      await expect(warehouse.query('SELECT count(*) FROM results')).rejects.toThrow(WarehouseError);
      expect((await warehouse.query('SELECT count(*) AS n FROM fine')).rows).toEqual([{ n: 3 }]);
    });
  });
});

describe('values of DuckDB come out plain', () => {
  it.each<[string, unknown]>([
    ['42::BIGINT', 42],
    ['9007199254740993', '9007199254740993'],
    ['sum(3)', 3],
    ['1.50::DECIMAL(6, 2)', 1.5],
    ['12345678901234567.89::DECIMAL(20, 2)', '12345678901234567.89'],
    ["DATE '2025-11-17'", '2025-11-17'],
    ["TIMESTAMP '2025-11-17 10:00:00'", '2025-11-17T10:00:00.000Z'],
    ["TIMESTAMP '2025-11-17 10:00:00.123456'", '2025-11-17T10:00:00.123456Z'],
    ["TIMESTAMPTZ '2025-11-17 10:00:00+02'", '2025-11-17T08:00:00.000Z'],
    ["CAST(TIMESTAMPTZ '2025-11-17 01:00:00+02' AS DATE)", '2025-11-16'],
    ['[1::BIGINT, NULL]', [1, null]],
    ["{'day': DATE '2025-11-17', 'odds': [1.5]}", { day: '2025-11-17', odds: [1.5] }],
    ["'é 🐎'", 'é 🐎'],
    ['NULL', null],
    ['true', true],
    ["'NaN'::DOUBLE", 'NaN'],
  ])('%s', async (sql, expected) => {
    await withWarehouse([], async (warehouse) => {
      const { rows } = await warehouse.query(`SELECT ${sql} AS value`);
      expect(rows).toEqual([{ value: expected }]);
      expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    });
  });

  it('and columns of one name are told apart', async () => {
    await withWarehouse([], async (warehouse) => {
      expect((await warehouse.query('SELECT 1 AS a, 2 AS a')).rows).toEqual([{ a: 1, 'a:1': 2 }]);
    });
  });
});

describe('threads of a statement', () => {
  const threadsOver = async (files: readonly string[]) => {
    const warehouse = openDuckDbWarehouse({
      relations: [table(files.slice(0, 1)), table(files, { name: 'all_of_them' })],
    });
    try {
      const { rows } = await warehouse.query(
        "SELECT max(CAST(current_setting('threads') AS INTEGER)) AS threads FROM results",
      );
      return rows[0]?.threads;
    } finally {
      await warehouse.close();
    }
  };

  it('are one where the files are small, and two where they are not', async () => {
    const files = await days();
    expect(await threadsOver(files)).toBe(1);
    const large = join(root, 'large.parquet');
    writeFileSync(large, '');
    truncateSync(large, 64 * 1024 * 1024);
    expect(await threadsOver([...files, large])).toBe(2);
  });

  it('are one where a file is gone', async () => {
    const files = await days();
    expect(await threadsOver([...files, join(root, 'gone.parquet')])).toBe(1);
  });
});
