import { join } from 'node:path';
import type { Warehouse } from '../core/ports/warehouse.ts';
import type { LocalPlatform } from './local.ts';
import { localRelations, type RelationsNeeded } from './local-relations.ts';

/**
 * The lake of a platform as SQL sees it at this moment: what is committed later needs a new one. Close it.
 */
export async function openLocalWarehouse(
  platform: Pick<LocalPlatform, 'directory' | 'lake' | 'sources' | 'clock' | 'verified' | 'state'>,
  needed: RelationsNeeded = {},
): Promise<Warehouse> {
  const relations = await localRelations(platform, needed);
  // Loading DuckDB takes 160 ms and tens of megabytes, which a run or a list has no use for.
  const { openDuckDbWarehouse } = await import('../adapters/local/duckdb-warehouse.ts');
  const { openRememberedFooters } = await import('../adapters/local/remembered-footers.ts');
  const remembered = openRememberedFooters(join(platform.directory, 'lake', '.columns.sqlite'));
  return openDuckDbWarehouse({ relations, remembered });
}
