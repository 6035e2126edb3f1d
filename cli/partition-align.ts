import type { Command } from 'commander';
import type { AlignedPartitions } from '../core/ports/catalog.ts';
import { alignedText } from '../core/publish/check-engines.ts';
import { sourceOf, withPlatform } from './context.ts';
import { printItems } from './json.ts';

/** `partitions align`: as often as one call leaves some. A table is told as soon as it is done. */
export async function alignPartitions(
  name: string | undefined,
  _options: object,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const sources = name === undefined ? platform.sources : [sourceOf(platform, name)];
    const done: { readonly table: string; readonly updated: number }[] = [];
    for (const { table } of sources) {
      let updated = 0;
      let last: AlignedPartitions;
      do {
        last = await platform.catalog.alignPartitions(table.name);
        updated += last.updated;
        if (last.left > 0) console.error(alignedText({ table: table.name, ...last }));
      } while (last.left > 0);
      done.push({ table: table.name, updated });
      if (!json) console.log(alignedText({ table: table.name, updated, left: 0 }));
    }
    if (json) printItems(done);
  });
}
