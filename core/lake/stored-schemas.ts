import pLimit from 'p-limit';
import type { ObjectStore } from '../ports/object-store.ts';
import { type TableShape, tableSchema } from '../schema/table-shape.ts';
import type { Partition, Table } from '../source/source.ts';
import { manifestPrefix, partitionOfManifest } from './layout.ts';
import { readCurrent } from './manifest.ts';

/** Small objects, two a partition. */
const PARTITIONS_AT_ONCE = 16;

/** Current versions of a table that were written by one and the same schema. */
export interface StoredSchema {
  /** Null where its versions do not say it: they are of before it was kept. */
  readonly schema: { readonly fingerprint: string; readonly shape: TableShape } | null;
  /** Of the newest of them. */
  readonly parserVersion: number | null;
  readonly isTodays: boolean;
  /** The first and the last date among them are those of the day of the data. */
  readonly partitions: readonly Partition[];
}

/**
 * By which schemas the current versions of a table were written, the one of the newest version first. Reads a
 * manifest and a descriptor for each partition. Throws a CorruptLakeError where one cannot be read.
 */
export async function storedSchemas(lake: ObjectStore, table: Table): Promise<readonly StoredSchema[]> {
  const partitions: Partition[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const partition = partitionOfManifest(table, key);
    if (partition) partitions.push(partition);
  }
  const read = await pLimit(PARTITIONS_AT_ONCE).map(partitions, async (partition) => ({
    partition,
    version: (await readCurrent(lake, table, partition))?.descriptor,
  }));
  const today = tableSchema(table).fingerprint;
  // Removed since it was listed: nothing is current there.
  const known = read.flatMap(({ partition, version }) => (version ? [{ partition, version }] : []));
  known.sort((a, b) => (a.version.createdAt < b.version.createdAt ? 1 : -1));
  const groups = Map.groupBy(known, ({ version }) => version.schema?.fingerprint ?? null);
  return [...groups].map(([fingerprint, group]) => ({
    schema: group[0]!.version.schema ?? null,
    parserVersion: group[0]!.version.schema?.parserVersion ?? null,
    isTodays: fingerprint === today,
    partitions: group.map(({ partition }) => partition),
  }));
}
