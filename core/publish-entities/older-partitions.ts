import { changeWrite } from '../enrich/entity-changes.ts';
import { unlessCorrupt } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { Platform } from '../platform.ts';
import type { StateWrite } from '../ports/state-store.ts';
import { olderThan } from '../publish/schema-refusal.ts';
import type { Source } from '../source/source.ts';
import { PartitionStore } from '../state/partition-store.ts';
import { writeEach } from '../state/write-each.ts';

/**
 * Marks every partition of a table of entities where today's schema is newer than that of its first
 * partition: that one is written again first, so as long as it is of before, others may be. An older program
 * marks none.
 */
export async function markOlderPartitions(platform: Platform, source: Source, kind: string): Promise<void> {
  if (!(await isFirstOlder(platform, source))) return;
  const marks: StateWrite[][] = [];
  for await (const { value: feed, date, version } of new PartitionStore(platform.state).all(
    source.table.name,
  ))
    if (version !== null) marks.push([changeWrite({ kind, feed, date, key: '' })]);
  await writeEach(platform.state, marks);
}

async function isFirstOlder(platform: Platform, source: Source): Promise<boolean> {
  const { lake, state } = platform;
  for await (const { value, date, version } of new PartitionStore(state).all(source.table.name)) {
    if (version === null) continue;
    const partition = { value, date };
    const versions = new PartitionVersions(lake, source.table, partition);
    // Publishing says what is wrong with one that cannot be read.
    const current = (await versions.current().catch(unlessCorrupt))?.descriptor;
    if (!current) continue;
    return !versions.isOfToday(current) && !(await olderThan({ platform, source }, current));
  }
  return false;
}
