import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDuckDbWarehouse } from '../../adapters/local/duckdb-warehouse.ts';
import { manifestKey } from '../../core/lake/layout.ts';
import type { Warehouse } from '../../core/ports/warehouse.ts';
import { guardedWarehouse } from '../../runtime/guarded-warehouse.ts';
import { localRelations } from '../../runtime/local-relations.ts';
import { racing } from '../../sources/racing/source.ts';
import { type Lake, NOW, openLake, PARTITION, publish, runner } from '../core/completeness/lake-fixture.ts';

let it_: Lake;
let warehouse: Warehouse;
beforeEach(async () => {
  it_ = openLake();
  await publish(it_.lake, 0, [runner('1', 'a')]);
  const platform = { lake: it_.lake, sources: [racing], clock: { now: () => NOW } };
  const relations = await localRelations(platform);
  warehouse = guardedWarehouse(openDuckDbWarehouse({ relations, threads: 1 }), platform);
});
afterEach(async () => {
  await warehouse.close();
  it_.close();
});

it('a table with an object beside its manifests is refused, and every other statement answered', async () => {
  const count = () => warehouse.query('SELECT count(*) AS n FROM Racing_Results WHERE country = ?', ['gb']);
  expect((await count()).rows).toEqual([{ n: 1 }]);
  const copy = `${manifestKey(racing.table, PARTITION)}.bak`;
  await it_.lake.put(copy, (await it_.lake.get(manifestKey(racing.table, PARTITION)))!.body);
  await expect(count()).rejects.toThrow(/manifest\.bak is no manifest of racing_results: .* move it away$/);
  expect((await warehouse.query('SELECT count(*) AS n FROM attempts')).rows).toEqual([{ n: 0 }]);
});
