import { openDuckDbWarehouse } from '../adapters/local/duckdb-warehouse.ts';
import type { Warehouse } from '../core/ports/warehouse.ts';
import type { LocalPlatform } from './local.ts';
import { localRelations } from './local-relations.ts';

/** The lake of a platform as SQL sees it at this moment: what is committed later needs a new one. Close it. */
export async function openLocalWarehouse(
  platform: Pick<LocalPlatform, 'lake' | 'sources'>,
): Promise<Warehouse> {
  return openDuckDbWarehouse({ relations: await localRelations(platform) });
}
