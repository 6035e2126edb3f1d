import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { VerifiedFiles } from '../ports/verified-files.ts';
import type { Partition, Table } from '../source/source.ts';
import { descriptorKey, manifestKey } from './layout.ts';
import {
  CorruptLakeError,
  corruptPartition,
  currentVersionOf,
  manifestFiles,
  manifestVersion,
  readDescriptor,
} from './manifest.ts';
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
  if (!manifest) return manifestGone(lake, table, partition);
  try {
    const version = await currentVersionOf(lake, manifest, table, partition, key);
    const descriptor = descriptorKey(table, partition, version);
    if (verified.knownStamp(descriptor) === undefined) {
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
  const place = { lake, table, partition };
  const key = manifestKey(table, partition);
  const files = manifestFiles(manifest, table, partition, key);
  if (files.every((file) => verified.knownStamp(file) !== undefined)) return undefined;
  const version = manifestVersion(manifest, table, partition, key);
  const descriptor = await readDescriptor(lake, table, partition, version);
  if (files.join('\n') !== descriptor.files.map((file) => file.key).join('\n'))
    return corruptPartition(`${key} names other files than its version`, 'files-differ', place, version);
  for (const file of descriptor.files) {
    const found = await verified.verify(file.key, (bytes) => fileHash(bytes) === file.sha256);
    if (found !== 'whole') return corruptPartition(`${file.key} is ${found}`, 'file', place, version);
  }
  return undefined;
}

/** A version was committed, and nothing names it any more. */
export function manifestGone(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
): Promise<CorruptLakeError> {
  const key = manifestKey(table, partition);
  return corruptPartition(`${key} is gone`, 'manifest-gone', { lake, table, partition });
}
