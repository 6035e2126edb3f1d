import type { PartitionJob } from '../job.ts';
import { manifestKey } from '../lake/layout.ts';
import type { CatalogPartition } from '../ports/catalog.ts';

/** A partition as the catalog of query engines knows it. */
export function catalogPartition({
  platform,
  source,
  partition,
}: Pick<PartitionJob, 'platform' | 'source' | 'partition'>): CatalogPartition {
  const manifest = platform.lake.uri(manifestKey(source.table, partition));
  return {
    table: source.table.name,
    values: [partition.value, partition.date],
    location: manifest.slice(0, manifest.lastIndexOf('/')),
  };
}
