import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { LocalRelation, LocalTable } from '../../../adapters/local/duckdb-relation.ts';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import type { Warehouse } from '../../../core/ports/warehouse.ts';

/** A directory of its own for each test, with a DuckDB that writes Parquet into it. */
let writer: DuckDBConnection;
export let root: string;
beforeAll(async () => {
  writer = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});
afterAll(() => writer.closeSync());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-warehouse-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

export async function parquet(path: string, select: string): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  await writer.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
  return path;
}

/** Closes the warehouse whatever happens. */
export async function withWarehouse<T>(
  relations: LocalRelation[],
  use: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const warehouse = openDuckDbWarehouse({ relations, threads: 1 });
  try {
    return await use(warehouse);
  } finally {
    await warehouse.close();
  }
}

/** One day of a table a file, three rows each. */
export async function days(
  select = 'SELECT i::INTEGER AS n, i * 1.5 AS price FROM range(3) t(i)',
  from = 10,
  to = 14,
) {
  const files: string[] = [];
  for (let day = from; day <= to; day++) {
    files.push(await parquet(join(root, `lake/data/t/country=gb/date=2025-11-${day}/v-1.parquet`), select));
  }
  return files;
}

/** The table that those files make. */
export const table = (files: readonly string[], more: Partial<LocalTable> = {}): LocalTable => ({
  name: 'results',
  kind: 'table',
  files,
  columns: [
    { name: 'n', duckdbType: 'INTEGER', comment: 'it’s a "number"' },
    { name: 'price', duckdbType: 'DOUBLE' },
  ],
  partitionTypes: { country: 'VARCHAR', date: 'DATE' },
  ...more,
});
