import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { VerifiedFiles } from '../ports/verified-files.ts';
import type { Partition, Table } from '../source/source.ts';
import { descriptorKey, manifestKey, partitionPath } from './layout.ts';
import { CorruptLakeError, manifestFiles, manifestVersion, readDescriptor } from './manifest.ts';
import { fileHash } from './version.ts';

/**
 * Why the current version of a partition is not what was committed: its manifest or a file is gone or
 * damaged. Undefined where it is whole. What is known to be whole is not opened.
 */
export async function currentDamage(
  lake: ObjectStore,
  verified: VerifiedFiles,
  table: Table,
  partition: Partition,
): Promise<CorruptLakeError | undefined> {
  const key = manifestKey(table, partition);
  const manifest = await lake.get(key);
  if (!manifest) return damage(`${key} is gone`, table, partition);
  try {
    const version = manifestVersion(manifest, table, partition, key);
    const descriptor = descriptorKey(table, partition, version);
    if (!verified.isKnown(descriptor)) {
      await readDescriptor(lake, table, partition, version);
      await verified.verify(descriptor, () => true);
    }
    return await damageBehind(lake, verified, table, partition, manifest);
  } catch (error) {
    if (error instanceof CorruptLakeError) return error;
    throw error;
  }
}

/**
 * The same for a manifest that was read already. Throws a CorruptLakeError where that, or its descriptor,
 * cannot be read.
 */
export async function damageBehind(
  lake: ObjectStore,
  verified: VerifiedFiles,
  table: Table,
  partition: Partition,
  manifest: StoredObject,
): Promise<CorruptLakeError | undefined> {
  const key = manifestKey(table, partition);
  const files = manifestFiles(manifest, table, partition, key);
  if (files.every((file) => verified.isKnown(file))) return undefined;
  const version = manifestVersion(manifest, table, partition, key);
  const descriptor = await readDescriptor(lake, table, partition, version);
  if (files.join('\n') !== descriptor.files.map((file) => file.key).join('\n'))
    return damage(`${key} names other files than its version`, table, partition);
  for (const file of descriptor.files) {
    const found = await verified.verify(file.key, (bytes) => fileHash(bytes) === file.sha256);
    if (found !== 'whole') return damage(`${file.key} is ${found}`, table, partition);
  }
  return undefined;
}

function damage(problem: string, table: Table, partition: Partition): CorruptLakeError {
  return new CorruptLakeError(
    `${problem}: scrape ${partitionPath(table, partition)} again with "rescrape run --force", or put an earlier version back with "rescrape partitions rollback"`,
  );
}
