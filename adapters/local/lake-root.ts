import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from '../../core/ports/storage-error.ts';
import { hasCode } from './storage-failure.ts';

/**
 * Step by step: Node's own recursive mkdir never returns where the system answers ENOENT for a directory
 * whose parent is there, as /proc and read-only mounts do.
 */
export function makeRoot(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeRoot(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (hasCode(error, 'EEXIST') && statSync(path).isDirectory()) return;
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new StorageError(`cannot make the directory ${path}: choose a place that can be written`, {
      cause: error,
    });
  }
}
