import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from '../../core/ports/storage-error.ts';
import { hasCode } from './storage-failure.ts';

/**
 * Makes a directory and those above it where they are missing; returns the topmost that was made. Step by
 * step: of a full or read-only disk Node's own recursive mkdir says ENOENT, and it never returns where the
 * system answers that for a directory whose parent is there, as /proc does.
 */
export function makeDirectory(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const above = dirname(path) === path ? undefined : makeDirectory(dirname(path));
  try {
    mkdirSync(path);
    return above ?? path;
  } catch (error) {
    if (hasCode(error, 'EEXIST') && statSync(path).isDirectory()) return above;
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new StorageError(`cannot make the directory ${path}: choose a place that can be written`, {
      cause: error,
    });
  }
}
