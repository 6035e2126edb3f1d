import type { LocalPlatform } from '../../../runtime/local.ts';
import { openLocalWarehouse } from '../../../runtime/local-warehouse.ts';

/** The rows of one statement over the lake of a platform as it is at this moment. */
export async function query(
  platform: Pick<LocalPlatform, 'directory' | 'lake' | 'sources' | 'clock' | 'verified' | 'state'>,
  sql: string,
): Promise<readonly Record<string, unknown>[]> {
  const warehouse = await openLocalWarehouse(platform);
  try {
    return (await warehouse.query(sql)).rows;
  } finally {
    await warehouse.close();
  }
}
