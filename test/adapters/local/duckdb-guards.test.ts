import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WarehouseError } from '../../../core/ports/warehouse.ts';
import { days, parquet, root, table, withWarehouse } from './parquet-lake.ts';

describe('a statement on the DuckDB warehouse', () => {
  it('reads no file outside the lake, writes none, and changes nothing', async () => {
    const files = await days();
    const secret = join(root, 'secret.csv');
    writeFileSync(secret, 'a\n1\n');
    await parquet(join(root, 'secret.parquet'), 'SELECT 1 AS a');
    const before = readFileSync(files[0] ?? '');
    const out = join(root, 'out.csv');
    await withWarehouse([table(files)], async (warehouse) => {
      for (const sql of [
        `SELECT * FROM '${secret}'`,
        `SELECT * FROM read_text('${secret}')`,
        `SELECT * FROM read_parquet('${root}/secret.parquet')`,
        `SELECT * FROM read_parquet('${root}/lake/../secret.parquet')`,
        `SELECT * FROM glob('${root}/*')`,
        "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
        `COPY (SELECT 1) TO '${out}'`,
        `COPY (SELECT 1 AS n) TO '${files[0]}' (USE_TMP_FILE false)`,
        `EXPLAIN ANALYZE COPY (SELECT 1 AS n) TO '${files[0]}' (USE_TMP_FILE false)`,
        `/* */ explain -- \n analyze COPY (SELECT 1 AS n) TO '${files[0]}' (USE_TMP_FILE false)`,
        `EXPLAIN ANALYSE COPY (SELECT 1 AS n) TO '${files[0]}' (USE_TMP_FILE false)`,
        `EXPLAIN (ANALYSE) COPY (SELECT 1 AS n) TO '${files[0]}' (USE_TMP_FILE false)`,
        `EXPLAIN ANALYSE SET VARIABLE "results 0" = ['${root}/secret.parquet']`,
        'EXPLAIN ANALYSE CREATE OR REPLACE VIEW results AS SELECT 1 AS n',
        `SELECT * FROM enable_logging(storage = 'file', storage_path = '${root}/log')`,
        `SELECT * FROM "enable_logging" (storage = 'stdout')`,
        'SELECT * FROM enable_profiling()',
        `EXPORT DATABASE '${root}/export'`,
        `ATTACH '${root}/other.duckdb'`,
        'INSTALL httpfs',
        'LOAD httpfs',
        'SET enable_external_access = true',
        'SET lock_configuration = false',
        "SET allowed_paths = ['/etc/passwd']",
        `SET VARIABLE "results 0" = ['${root}/secret.parquet']`,
        'RESET VARIABLE "results 0"',
        'CREATE TABLE mine (a INTEGER)',
        'DROP VIEW results',
        'CREATE OR REPLACE VIEW results AS SELECT 1',
      ]) {
        const error = await warehouse.query(sql).catch((caught) => caught);
        expect(error, sql).toBeInstanceOf(WarehouseError);
        expect(error.message, sql).toMatch(/^[^\n]+$/);
      }
      expect((await warehouse.query('SELECT count(*) AS n FROM results')).rows).toEqual([{ n: 15 }]);
    });
    expect(readFileSync(files[0] ?? '').equals(before)).toBe(true);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(join(root, 'other.duckdb'))).toBe(false);
  });

  it.each([
    'DESCRIBE results',
    'SUMMARIZE results',
    'EXPLAIN SELECT * FROM results',
    'WITH x AS (FROM results) FROM x',
    'PIVOT results ON country IN (gb) USING sum(n)',
  ])('may be %s', async (sql) => {
    await withWarehouse([table(await days())], async (warehouse) => {
      expect((await warehouse.query(sql)).rows.length).toBeGreaterThan(0);
    });
  });

  it('says how many values it wants', async () => {
    await withWarehouse([], async (warehouse) => {
      await expect(warehouse.query('SELECT ?, ?', [1])).rejects.toThrow(
        '2 placeholders (?), but 1 values were given',
      );
    });
  });
});

describe('a damaged lake', () => {
  const damages: [string, (file: string) => void][] = [
    ['garbage', (file) => writeFileSync(file, 'garbage')],
    ['empty', (file) => writeFileSync(file, '')],
    ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, -20))],
    ['without its end mark', (file) => writeFileSync(file, 'x'.repeat(1000))],
    ['with a bad footer', (file) => writeFileSync(file, `PAR1${'x'.repeat(100)}PAR1`)],
    [
      'overwritten in its data',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 4, 60);
        writeFileSync(file, bytes);
      },
    ],
    ['gone', (file) => rmSync(file)],
  ];

  it.each(damages.flatMap(([how, damage]) => [0, 3].map((index) => [how, index, damage] as const)))(
    'is an error that names the file and what to do: file %s, number %i',
    async (_, index, damage) => {
      const files = await days();
      const file = files[index] ?? '';
      damage(file);
      await withWarehouse([table(files)], async (warehouse) => {
        const error = await warehouse
          .query('SELECT sum(n), sum(price) FROM results')
          .catch((caught) => caught);
        expect(error).toBeInstanceOf(WarehouseError);
        expect(error.message).toContain(file);
        expect(error.message).toMatch(
          /the file .*is (gone|damaged): roll its partition back to an earlier version, or scrape it again\)?$/,
        );
        expect(error.message).not.toContain('\n');
      });
    },
  );
});
