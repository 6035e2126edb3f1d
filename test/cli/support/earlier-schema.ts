import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { descriptorKey, manifestPrefix } from '../../../core/lake/layout.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import { encodeDescriptor, type VersionDescriptor } from '../../../core/lake/version.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import type { Partition, Table } from '../../../core/source/source.ts';

/** Makes the current version of a partition one that says something else of its schema. */
export async function rewriteSchema(
  directory: string,
  table: Table,
  partition: Partition,
  change: (descriptor: VersionDescriptor) => VersionDescriptor,
): Promise<void> {
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const versions = new PartitionVersions(lake, table, partition);
  const { descriptor, manifestEtag, committedBy, committedAt } = (await versions.current())!;
  const changed = change(descriptor);
  const file = join(directory, 'lake', descriptorKey(table, partition, descriptor.version));
  writeFileSync(file, encodeDescriptor(changed));
  await versions.commit(changed, manifestEtag, committedBy, committedAt);
  lake.close();
}

/** Takes from every manifest of a table what those of before did not say of the schema. */
export async function forgetSchemas(lake: ObjectStore, table: Table): Promise<void> {
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const { body, metadata } = (await lake.get(key))!;
    const { schema: _, 'created-at': __, ...before } = metadata;
    await lake.put(key, body, { metadata: before });
  }
}

/** As it was before a column of that name was removed. */
export function withColumn({ schema, ...descriptor }: VersionDescriptor, name: string): VersionDescriptor {
  const { shape, parserVersion } = schema!;
  const columns = [...shape.columns, { name, type: 'string', isRequired: false }];
  return { ...descriptor, schema: { fingerprint: name, parserVersion, shape: { ...shape, columns } } };
}
