import pLimit from 'p-limit';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Column } from '../schema/columns.ts';
import { fingerprintOf, type TableShape, tableSchema, typeName } from '../schema/table-shape.ts';
import type { Partition, Table } from '../source/source.ts';
import { manifestKey } from './layout.ts';
import { currentVersionOf, type NamedSchema, namedSchema } from './manifest.ts';
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

/** Current versions of a table that were written with one and the same schema; today's is the code's. */
export type StoredSchema = { readonly partitions: readonly Partition[] } & (
  | { readonly isTodays: true }
  | ({ readonly isTodays: false } & WrittenSchema)
);

/** What is known of the schema of a current version before its descriptor is read. */
interface CurrentSchema extends NamedSchema {
  readonly partition: Partition;
  readonly read: () => Promise<WrittenSchema | undefined>;
}

/**
 * With which schemas the current versions of these partitions were written, the one of the newest version
 * first. Reads a manifest for each, and a descriptor for each other schema than today's; of manifests that do
 * not name theirs, the descriptor of each. Throws a CorruptLakeError where one of these cannot be read.
 */
export async function storedSchemas(
  lake: ObjectStore,
  table: Table,
  partitions: readonly Partition[],
): Promise<readonly StoredSchema[]> {
  const read = await pLimit(PARTITIONS_AT_ONCE).map(partitions, (partition) =>
    currentSchema(lake, table, partition),
  );
  const known = read
    .filter((each) => each !== undefined)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const today = tableSchema(table).fingerprint;
  const stored: StoredSchema[] = [];
  for (const [fingerprint, group] of Map.groupBy(known, (each) => each.fingerprint)) {
    const own = { partitions: group.map(({ partition }) => partition) };
    const schema = fingerprint === today ? undefined : await group[0]!.read();
    if (fingerprint === today) stored.push({ ...own, isTodays: true });
    else if (schema) stored.push({ ...own, isTodays: false, ...schema });
  }
  return stored;
}

/** Undefined where it was removed since it was listed, or is damaged in a way that its check tells. */
async function currentSchema(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
): Promise<CurrentSchema | undefined> {
  const versions = new PartitionVersions(lake, table, partition);
  const key = manifestKey(table, partition);
  const manifest = await lake.get(key);
  if (!manifest) return undefined;
  const named = namedSchema(manifest);
  if (named) {
    const version = await currentVersionOf(lake, manifest, table, partition, key);
    return { partition, ...named, read: async () => (await versions.descriptor(version)).schema };
  }
  const descriptor = (await versions.current())?.descriptor;
  const schema = descriptor && (await writtenSchema(versions, descriptor, table));
  return schema && { partition, ...schema, createdAt: descriptor.createdAt, read: async () => schema };
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
