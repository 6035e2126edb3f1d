import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import { openRememberedFooters } from '../../../adapters/local/remembered-footers.ts';
import { WarehouseError } from '../../../core/ports/warehouse.ts';
import { days, parquet, root, table, withWarehouse } from './parquet-lake.ts';

/** A table of one column `it`, with a file of each of these SELECTs, the oldest first. */
async function column(duckdbType: string, ...selects: string[]) {
  const files = [];
  for (const [at, select] of selects.entries())
    files.push(...(await days(`SELECT ${select}`, 10 + at, 10 + at)));
  return table(files, { columns: [{ name: 'it', duckdbType }] });
}

const values = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(({ it }) => it);

describe('a table over files of several schemas', () => {
  it.each([
    ['a widened number', 'DOUBLE', ['1::INTEGER AS it', '1675.25::DOUBLE AS it'], [1, 1675.25]],
    [
      'whole numbers',
      'BIGINT',
      ['1::INTEGER AS it', '9007199254740991::BIGINT AS it'],
      [1, 9007199254740991],
    ],
    ['a number that is whole', 'INTEGER', ['1675::DOUBLE AS it', '2::INTEGER AS it'], [1675, 2]],
    ['a number that became text', 'VARCHAR', ['7::INTEGER AS it', "'007' AS it"], ['7', '007']],
    [
      'a double that became text',
      'VARCHAR',
      ['7::DOUBLE AS it', '1675.25::DOUBLE AS it', "'x' AS it"],
      ['7', '1675.25', 'x'],
    ],
    ['text that became a number', 'INTEGER', ["'7' AS it", '8::INTEGER AS it'], [7, 8]],
    ['text that became a double', 'DOUBLE', ["'1675.25' AS it", '8::DOUBLE AS it'], [1675.25, 8]],
    [
      'a price',
      'DECIMAL(8, 2)',
      ["'1.50' AS it", '1.5::DOUBLE AS it', '2::DECIMAL(8, 2) AS it'],
      [1.5, 1.5, 2],
    ],
    [
      'text that became a date',
      'DATE',
      ["'2026-11-20' AS it", "DATE '2026-11-21' AS it"],
      ['2026-11-20', '2026-11-21'],
    ],
    [
      'a date that became an instant',
      'TIMESTAMP',
      ["DATE '2026-11-20' AS it", "'2026-11-20T10:00:00.5Z' AS it"],
      ['2026-11-20T00:00:00.000Z', '2026-11-20T10:00:00.500Z'],
    ],
    [
      'an instant that became text',
      'VARCHAR',
      ["TIMESTAMP '2026-11-20 10:00:00' AS it"],
      ['2026-11-20T10:00:00.000Z'],
    ],
    ['text that became true or false', 'BOOLEAN', ["'true' AS it", 'false AS it'], [true, false]],
    ['null', 'BIGINT', ['NULL::VARCHAR AS it', 'NULL::BOOLEAN AS it', '1::BIGINT AS it'], [null, null, 1]],
    ['a column that is new', 'DOUBLE', ['1 AS other', '2.5::DOUBLE AS it'], [null, 2.5]],
  ])('reads %s as the schema is today', async (_, type, selects, expected) => {
    for (const order of ['oldest first', 'newest first']) {
      const relation = await column(type, ...selects);
      const files = order === 'oldest first' ? relation.files : relation.files.toReversed();
      await withWarehouse([{ ...relation, files }], async (warehouse) => {
        const { columns, rows } = await warehouse.query('SELECT it FROM results ORDER BY date');
        expect(columns).toEqual([{ name: 'it', type: type.replaceAll(' ', '') }]);
        expect(values(rows)).toEqual(expected);
      });
    }
  });

  it.each([
    ['INTEGER', "'007'", '007'],
    ['DOUBLE', "'007'", '007'],
    ['INTEGER', "' 7'", ' 7'],
    ['INTEGER', "'a horse'", 'a horse'],
    ['INTEGER', "''", ''],
    ['INTEGER', '1675.25::DOUBLE', '1675.25'],
    ['INTEGER', '3000000000::BIGINT', '3000000000'],
    ['DOUBLE', '9007199254740993::BIGINT', '9007199254740993'],
    ['DECIMAL(6, 2)', '1.005::DOUBLE', '1.005'],
    ['DATE', "'2026-02-30'", '2026-02-30'],
    ['DATE', "TIMESTAMP '2026-11-20 10:00:00'", '2026-11-20 10:00:00'],
    ['TIMESTAMP', "'2026-11-20 10:00'", '2026-11-20 10:00'],
    ['BOOLEAN', '1::INTEGER', '1'],
    ['INTEGER', 'true', 'true'],
  ])('is an error, never another value, where %s cannot hold %s', async (type, value, shown) => {
    const relation = await column(type, `${value} AS it`, `NULL::${type} AS it`);
    await withWarehouse([relation], async (warehouse) => {
      const error = await warehouse.query('SELECT it FROM results').catch((caught) => caught);
      expect(error).toBeInstanceOf(WarehouseError);
      const [file] = relation.files;
      expect(error.message).toContain(`the column it of results is ${type} today and was `);
      expect(error.message).toContain(`in the file ${file}, where it holds "${shown}": scrape`);
      expect(error.message).toMatch(/rescrape reparse[^\n]*$/);
      // What does not read it is answered.
      expect((await warehouse.query('SELECT count(*) AS n FROM results')).rows).toEqual([{ n: 2 }]);
      expect(
        values((await warehouse.query("SELECT it FROM results WHERE date = '2025-11-11'")).rows),
      ).toEqual([null]);
    });
  });

  it('counts all rows, whichever columns its files have', async () => {
    const files = [
      ...(await days('SELECT i::INTEGER AS n FROM range(3) t(i)', 10, 11)),
      ...(await days('SELECT i AS n, NULL::INTEGER AS file_row_number FROM range(3) t(i)', 12, 12)),
      ...(await days('SELECT i AS n, -1 AS file_row_number FROM range(3) t(i)', 13, 14)),
    ];
    for (const some of [files, files.slice(0, 2), files.slice(2, 3), files.slice(3)])
      await withWarehouse([table(some)], async (warehouse) => {
        const counted = await warehouse.query('SELECT date, count(*) AS rows FROM results GROUP BY date');
        expect(counted.rows.map(({ rows }) => rows)).toEqual(some.map(() => 3));
        const sum = await warehouse.query('SELECT count(*) AS rows, sum(n) AS n FROM results');
        expect(sum.rows).toEqual([{ rows: 3 * some.length, n: 3 * some.length }]);
      });
  });

  it('says of a value that reads like a damage what is wrong with it, and no more', async () => {
    const relation = await column('INTEGER', "e'corrupt\\nx.parquet, orrupt' AS it");
    await withWarehouse([relation], async (warehouse) => {
      const error = await warehouse.query('SELECT it FROM results').catch((caught) => caught);
      expect(error.message).toMatch(/^the column it of results is INTEGER today and was VARCHAR /);
      expect(error.message).not.toMatch(/\n|is damaged/);
    });
  });
});

describe('what is known of the columns of files', () => {
  const open = () => openRememberedFooters(join(root, 'columns.sqlite'));
  const sum = async (files: readonly string[]) => {
    const warehouse = openDuckDbWarehouse({ relations: [table(files)], threads: 1, remembered: open() });
    try {
      return (await warehouse.query('SELECT sum(price) AS total FROM results')).rows[0]?.total;
    } finally {
      await warehouse.close();
    }
  };

  it('is remembered until the file changes', async () => {
    const files = [
      ...(await days('SELECT 1.5::DOUBLE AS price, 1::INTEGER AS n', 10, 10)),
      ...(await days('SELECT 2.5 AS price', 11, 11)),
    ];
    expect(await sum(files)).toBe(4);
    const remembered = open();
    expect(files.map((file) => JSON.parse(remembered.recall(file)!.columns))).toEqual([
      [
        ['n', 'INTEGER'],
        ['price', 'DOUBLE'],
      ],
      [['price', 'DECIMAL(2,1)']],
    ]);
    expect(remembered.recall(join(root, 'nothing'))).toBeUndefined();
    remembered.close();
    expect(await sum(files)).toBe(4);
    await parquet(files[1]!, "SELECT '4.25' AS price");
    const changed = open();
    expect(changed.recall(files[1]!)).toBeUndefined();
    changed.close();
    expect(await sum(files)).toBe(5.75);
  });

  it('is worth nothing where it cannot be kept, and nothing is lost by that', async () => {
    writeFileSync(join(root, 'columns.sqlite'), 'no database');
    expect(await sum(await days('SELECT 2.5 AS price', 11, 12))).toBe(5);
  });
});
