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
  // Most have their parent: then one call does it.
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    if (isThere(path, error)) return undefined;
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const above = makeDirectory(dirname(path));
  try {
    mkdirSync(path);
    return above ?? path;
  } catch (error) {
    if (isThere(path, error)) return above;
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new StorageError(`cannot make the directory ${path}: choose a place that can be written`, {
      cause: error,
    });
  }
}

function isThere(path: string, error: unknown): boolean {
  return hasCode(error, 'EEXIST') && statSync(path).isDirectory();
}
