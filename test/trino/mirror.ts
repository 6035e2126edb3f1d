import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Warehouse } from '../../core/ports/warehouse.ts';
import type { Source } from '../../core/source/source.ts';
import type { DescribedTable } from './questions.ts';

export interface Mirror {
  readonly sources: readonly Source[];
  readonly warehouse: Warehouse;
  /** Every table that SQL can ask. */
  tables(): Promise<DescribedTable[]>;
  close(): Promise<void>;
}

const OTHER_TABLES = ['attempts', 'commits', 'runs', 'enrichments', 'extraction_books', 'targets'];

/**
 * A copy of a lake as `rescrape query --local` of a checkout sees it. `root`: the checkout, ours or one with
 * another version of a source.
 */
export async function openMirror(root: string, directory: string): Promise<Mirror> {
  const module = (path: string) => import(pathToFileURL(join(root, path)).href);
  const { openLocalPlatform } = (await module('runtime/local.ts')) as typeof import('../../runtime/local.ts');
  const { openLocalWarehouse } = (await module(
    'runtime/local-warehouse.ts',
  )) as typeof import('../../runtime/local-warehouse.ts');
  const platform = openLocalPlatform({ directory, env: {} });
  const warehouse = await openLocalWarehouse(platform);
  return {
    sources: platform.sources,
    warehouse,
    tables: async () => {
      const known = new Map(platform.sources.map(({ table }) => [table.name, table.partitionBy]));
      const names = [...known.keys(), ...OTHER_TABLES];
      return Promise.all(
        names.map(async (name) => {
          const { columns } = await warehouse.query(`SELECT * FROM ${name} LIMIT 0`);
          return { name, columns, partitionBy: known.get(name) };
        }),
      );
    },
    close: async () => {
      await warehouse.close();
      await platform.close();
    },
  };
}
