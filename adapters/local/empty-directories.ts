import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, isAbsent, storageFailure } from './storage-failure.ts';

/**
 * Removes the directory and those below it in which no file is left. An object store knows no empty ones, and
 * whoever lists a prefix here would walk all that ever were. Throws a `StorageError` where the file system
 * refuses.
 */
export function removeEmptyDirectories(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) removeEmptyDirectories(join(directory, entry.name));
    rmdirSync(directory);
  } catch (error) {
    // Somebody else removed it, or something is kept in it.
    if (!isAbsent(error) && !hasCode(error, 'ENOTEMPTY')) throw storageFailure(error, 'remove', directory);
  }
}
