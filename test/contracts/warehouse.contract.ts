import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Warehouse, WarehouseError } from '../../core/ports/warehouse.ts';

/** The table that a warehouse under contract must hold; `country` and `day` are its partition columns. */
export const warehouseFixture = {
  table: 'contract_runners',
  /** Types in SQL that DuckDB and Athena share. */
  columns: { horse: 'VARCHAR', runs: 'BIGINT', price: 'DOUBLE', won: 'BOOLEAN', off_at: 'TIMESTAMP' },
  partitions: { country: 'VARCHAR', day: 'DATE' },
  rows: [
    {
      horse: 'Été d’Or',
      runs: 12,
      price: 4.5,
      won: true,
      off_at: '2025-11-16T13:30:00.000Z',
      country: 'fr',
      day: '2025-11-16',
    },
    {
      horse: "O'Brien",
      runs: 3,
      price: null,
      won: false,
      off_at: '2025-11-17T14:05:30.250Z',
      country: 'gb',
      day: '2025-11-17',
    },
    {
      horse: null,
      runs: 9007199254740991,
      price: -0.5,
      won: null,
      off_at: null,
      country: 'gb',
      day: '2025-11-17',
    },
  ],
} as const;

/** What every warehouse must do; `open` gives one that holds the fixture. */
export function warehouseContract(name: string, open: () => Promise<Warehouse>): void {
  describe(`${name} keeps the contract of a warehouse`, () => {
    let warehouse: Warehouse;
    beforeAll(async () => {
      warehouse = await open();
    });
    afterAll(() => warehouse.close());

    it('gives rows as plain values, partition columns included', async () => {
      const { columns, rows } = await warehouse.query(
        'SELECT * FROM contract_runners ORDER BY day, horse NULLS LAST',
      );
      expect(rows).toEqual(warehouseFixture.rows);
      expect(columns.map((column) => column.name)).toEqual(Object.keys(warehouseFixture.rows[0]));
    });

    it('gives integers as numbers where they are safe, else as text', async () => {
      const { rows } = await warehouse.query(
        'SELECT max(runs) AS safe, max(runs) + 2 AS unsafe FROM contract_runners',
      );
      expect(rows).toEqual([{ safe: 9007199254740991, unsafe: '9007199254740993' }]);
    });

    it('binds values of every kind in order', async () => {
      const count = async (where: string, ...values: (string | number | bigint | boolean | null)[]) =>
        (await warehouse.query(`SELECT count(*) AS n FROM contract_runners WHERE ${where}`, values)).rows[0]
          ?.n;
      expect(await count('horse = ?', "O'Brien")).toBe(1);
      expect(await count('day >= CAST(? AS DATE) AND country = ?', '2025-11-17', 'gb')).toBe(2);
      expect(await count('runs > ?', 3)).toBe(2);
      expect(await count('runs = ?', 9007199254740991n)).toBe(1);
      expect(await count('price < ?', 4.4)).toBe(1);
      expect(await count('won = ?', true)).toBe(1);
      expect(await count('horse IS NOT DISTINCT FROM CAST(? AS VARCHAR)', null)).toBe(1);
    });

    it('never takes a value for a part of the statement', async () => {
      const { rows } = await warehouse.query('SELECT count(*) AS n FROM contract_runners WHERE horse = ?', [
        "x' OR '1'='1",
      ]);
      expect(rows).toEqual([{ n: 0 }]);
    });

    it('answers a statement without rows with its columns', async () => {
      const { columns, rows } = await warehouse.query('SELECT horse FROM contract_runners WHERE runs < 0');
      expect(rows).toEqual([]);
      expect(columns.map((column) => column.name)).toEqual(['horse']);
    });

    it('runs statements side by side', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => warehouse.query('SELECT CAST(? AS INTEGER) AS n', [n])),
      );
      expect(answers.map(({ rows }) => rows[0]?.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    it.each([
      ['a mistake in the grammar', 'SELEC 1'],
      ['a table that is not there', 'SELECT * FROM no_such_table'],
      ['a column that is not there', 'SELECT no_such_column FROM contract_runners'],
      ['a value that cannot be read', "SELECT CAST('x' AS INTEGER)"],
      ['two statements', 'SELECT 1; SELECT 2'],
      ['no statement', '  '],
    ])('answers %s with an error of one line', async (_, sql) => {
      const error = await warehouse.query(sql).catch((caught) => caught);
      expect(error).toBeInstanceOf(WarehouseError);
      expect(error.message).toMatch(/^[^\n]+$/);
    });

    it('goes on after an error', async () => {
      await expect(warehouse.query('SELECT * FROM no_such_table')).rejects.toThrow(WarehouseError);
      expect((await warehouse.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    });
  });
}
