import { findStrayObject } from '../lake/stray-objects.ts';
import type { Platform } from '../platform.ts';
import type { AlignedPartitions, CatalogPartition } from '../ports/catalog.ts';
import { StorageError } from '../ports/storage-error.ts';
import type { Source } from '../source/source.ts';

/**
 * What is to be seen to after the commits, for engines that read the lake by themselves: that nothing stands
 * among the manifests which they would read as one, and that their catalog knows today's columns, and the
 * partitions that were published: a publish tells it of those that are new, and never asks whether somebody
 * has removed one. `expected`: those of these sources that were published now.
 */
export async function checkEngines(
  platform: Pick<Platform, 'catalog' | 'emit' | 'lake'>,
  sources: readonly Source[],
  expected: readonly CatalogPartition[] = [],
): Promise<void> {
  for (const { table } of sources) {
    const stray = await findStrayObject(platform.lake, table);
    if (stray) platform.emit({ kind: 'warning', message: stray.message });
  }
  await alignCatalog(platform, sources, expected);
}

/**
 * The catalog's partitions of these sources get the columns of today's tables, and it is told how many had
 * others. A catalog that is out of reach ends nothing: it is told, and the next run tries again.
 */
async function alignCatalog(
  { catalog, emit }: Pick<Platform, 'catalog' | 'emit'>,
  sources: readonly Source[],
  expected: readonly CatalogPartition[],
): Promise<void> {
  for (const { table } of sources) {
    try {
      const own = expected.filter((each) => each.table === table.name);
      const aligned = await catalog.alignPartitions(table.name, own);
      if (aligned.updated > 0) emit({ kind: 'aligned', table: table.name, ...aligned });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const message = `partitions of ${table.name} may have the columns of an older schema in the catalog: ${error.message}`;
      emit({ kind: 'warning', message });
    }
  }
}

export function alignedText({
  table,
  updated,
  left,
}: { readonly table: string } & AlignedPartitions): string {
  const more = left === 0 ? '' : `; ${left} more still have those of an older schema`;
  return `${table}: ${updated} partitions got the columns of today's schema in the catalog${more}`;
}
