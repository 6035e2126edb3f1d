import { dataPrefix } from '../lake/layout.ts';
import { parseManifest } from '../lake/manifest.ts';
import type { StoredObject } from '../ports/object-store.ts';
import type { Partition, Table } from '../source/source.ts';

/**
 * Keys of the data files that a manifest names, in order. What stands before `data/` is where the lake was when the
 * manifest was written: it may have been moved since. Throws a CorruptLakeError for anything that is no manifest.
 */
export function manifestFiles(
  manifest: StoredObject,
  table: Table,
  partition: Partition,
  key: string,
): string[] {
  parseManifest(manifest, table, partition, key);
  const prefix = dataPrefix(table, partition);
  const lines = new TextDecoder().decode(manifest.body).split('\n');
  return lines.filter((line) => line !== '').map((line) => line.slice(line.indexOf(prefix)));
}
