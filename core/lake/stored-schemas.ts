import pLimit from 'p-limit';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Column } from '../schema/columns.ts';
import { fingerprintOf, type TableShape, tableSchema, typeName } from '../schema/table-shape.ts';
import type { Partition, Table } from '../source/source.ts';
import { manifestPrefix, partitionOfManifest } from './layout.ts';
import { PartitionVersions } from './partition-versions.ts';
import type { VersionDescriptor } from './version.ts';

/** Small objects, two or three a partition. */
const PARTITIONS_AT_ONCE = 16;

/** The schema that a version was written with. */
interface WrittenSchema {
  readonly fingerprint: string;
  /** Null where nobody kept it: it is of before schemas were, and has the keys of today. */
  readonly parserVersion: number | null;
  readonly shape: TableShape;
}

/** Current versions of a table that were written with one and the same schema. */
export interface StoredSchema extends WrittenSchema {
  readonly isTodays: boolean;
  readonly partitions: readonly Partition[];
}

/**
 * With which schemas the current versions of a table were written, the one of the newest version first. Reads
 * a manifest and a descriptor for each partition. Throws a CorruptLakeError where one cannot be read.
 */
export async function storedSchemas(lake: ObjectStore, table: Table): Promise<readonly StoredSchema[]> {
  const partitions: Partition[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const partition = partitionOfManifest(table, key);
    if (partition) partitions.push(partition);
  }
  const read = await pLimit(PARTITIONS_AT_ONCE).map(partitions, async (partition) => {
    const versions = new PartitionVersions(lake, table, partition);
    const descriptor = (await versions.current())?.descriptor;
    // Removed since it was listed, or damaged in a way that its check tells.
    const schema = descriptor && (await writtenSchema(versions, descriptor, table));
    return schema ? [{ partition, schema, createdAt: descriptor.createdAt }] : [];
  });
  const known = read.flat().sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const today = tableSchema(table).fingerprint;
  return [...Map.groupBy(known, ({ schema }) => schema.fingerprint)].map(([fingerprint, group]) => ({
    ...group[0]!.schema,
    isTodays: fingerprint === today,
    partitions: group.map(({ partition }) => partition),
  }));
}

async function writtenSchema(
  versions: PartitionVersions,
  descriptor: VersionDescriptor,
  table: Table,
): Promise<WrittenSchema | undefined> {
  if (descriptor.schema) return descriptor.schema;
  const columns = await versions.columns(descriptor);
  if (!columns) return undefined;
  const shape = { ...tableSchema(table).shape, columns: shapesOf(columns, table) };
  return { fingerprint: fingerprintOf(shape), parserVersion: null, shape };
}

/** Of text a file does not say whether it is JSON: it is what it is today. */
function shapesOf(columns: readonly Column[], table: Table): TableShape['columns'] {
  const today = new Map(tableSchema(table).shape.columns.map(({ name, type }) => [name, type]));
  return columns.map((column) => {
    const isJson = column.type === 'string' && today.get(column.name) === 'json';
    return { name: column.name, type: isJson ? 'json' : typeName(column), isRequired: !column.nullable };
  });
}
