import type { Command } from 'commander';
import type { AlignedPartitions, CatalogPartition } from '../core/ports/catalog.ts';
import { catalogPartition } from '../core/publish/catalog-partition.ts';
import { alignedText } from '../core/publish/check-engines.ts';
import { PartitionStore } from '../core/state/partition-store.ts';
import { sourceOf, withPlatform } from './context.ts';
import { printItems } from './json.ts';

/**
 * `partitions align`: as often as one call leaves some; what has a version and is not in the catalog gets
 * there. A table is told as soon as it is done.
 */
export async function alignPartitions(
  name: string | undefined,
  _options: object,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const sources = name === undefined ? platform.sources : [sourceOf(platform, name)];
    const done: { readonly table: string; readonly updated: number }[] = [];
    for (const source of sources) {
      const { table } = source;
      const expected: CatalogPartition[] = [];
      for await (const { value, date, version } of new PartitionStore(platform.state).all(table.name))
        if (version !== null)
          expected.push(catalogPartition({ platform, source, partition: { value, date } }));
      let updated = 0;
      let last: AlignedPartitions;
      do {
        last = await platform.catalog.alignPartitions(table.name, expected);
        updated += last.updated;
        if (last.left > 0) console.error(alignedText({ table: table.name, ...last }));
      } while (last.left > 0);
      done.push({ table: table.name, updated });
      if (!json) console.log(alignedText({ table: table.name, updated, left: 0 }));
    }
    if (json) printItems(done);
  });
}
