import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { manifestCatalog } from '../../../adapters/local/manifest-catalog.ts';
import { catalogContract, catalogFixture } from '../../contracts/catalog.contract.ts';

const line = new TextEncoder().encode('/lake/data/x-0.parquet\n');

catalogContract('the manifest catalog', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-catalog-'));
  const lake = openDirectoryObjectStore(root);
  return {
    open: async () => manifestCatalog(lake),
    async commit(table, values) {
      const folders = catalogFixture[table].map((column, at) => `${column}=${values[at]}`);
      const folder = `tables/${table}/${folders.join('/')}`;
      await lake.put(`${folder}/manifest`, line);
      return lake.uri(folder);
    },
    // Columns are those of the schema, whoever asks.
    widen: async () => {},
    columns: async () => [],
    async dispose() {
      lake.close();
      rmSync(root, { recursive: true });
    },
  };
});

it('the manifest catalog lists manifests and nothing that lies beside them', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-catalog-'));
  const lake = openDirectoryObjectStore(root);
  const folder = 'tables/racing_results/country=gb';
  for (const key of [
    `${folder}/date=2026-11-17/manifest`,
    `${folder}/date=2026-11-17/manifest.bak`,
    `${folder}/notes`,
    'tables/racing_results/manifest',
    'tables/racing_results_old/country=gb/date=2026-11-16/manifest',
  ]) {
    await lake.put(key, line);
  }
  expect(await Array.fromAsync(manifestCatalog(lake).partitions('racing_results'))).toEqual([
    ['gb', '2026-11-17'],
  ]);
  lake.close();
  rmSync(root, { recursive: true });
});
