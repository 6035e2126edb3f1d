import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { descriptorKey } from '../../../core/lake/layout.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import { encodeDescriptor, type VersionDescriptor } from '../../../core/lake/version.ts';
import type { Partition, Table } from '../../../core/source/source.ts';

/** Makes the current version of a partition one that says something else of its schema. */
export async function rewriteSchema(
  directory: string,
  table: Table,
  partition: Partition,
  change: (descriptor: VersionDescriptor) => VersionDescriptor,
): Promise<void> {
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const { descriptor } = (await new PartitionVersions(lake, table, partition).current())!;
  lake.close();
  const file = join(directory, 'lake', descriptorKey(table, partition, descriptor.version));
  writeFileSync(file, encodeDescriptor(change(descriptor)));
}

/** As it was before a column of that name was removed. */
export function withColumn({ schema, ...descriptor }: VersionDescriptor, name: string): VersionDescriptor {
  const { shape, parserVersion } = schema!;
  const columns = [...shape.columns, { name, type: 'string', isRequired: false }];
  return { ...descriptor, schema: { fingerprint: name, parserVersion, shape: { ...shape, columns } } };
}
