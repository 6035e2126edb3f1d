import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isKeySegment } from '../../core/ports/object-key.ts';
import type { ObjectListing } from '../../core/ports/object-store.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { isAbsent, storageFailure } from './storage-failure.ts';

/** Objects after which a listing lets others go on: it reads the disk itself, which a thread makes dearer. */
const AT_ONCE = 1000;

/**
 * The objects below `root` whose key starts with `prefix`, in byte order of the keys. Holds one directory a
 * level at a time, never the tree. Names that can be no part of a key (the store's own, an editor's) are
 * passed over.
 */
export async function* listDirectory(root: string, prefix: string): AsyncGenerator<ObjectListing> {
  const slash = prefix.lastIndexOf('/') + 1;
  let listed = 0;
  for (const object of walk(root, prefix.slice(0, slash), prefix.slice(slash))) {
    yield object;
    if (++listed % AT_ONCE === 0) await setImmediate();
  }
}

function* walk(root: string, parent: string, namePrefix: string): Generator<ObjectListing> {
  for (const entry of entriesInKeyOrder(join(root, parent), namePrefix)) {
    const key = `${parent}${entry.name}`;
    if (entry.isDirectory()) {
      yield* walk(root, `${key}/`, '');
    } else {
      // Undefined: deleted since the directory was read.
      const stat = lstatSync(join(root, key), { throwIfNoEntry: false });
      if (stat?.isFile()) yield { key, size: stat.size, lastModified: Math.floor(stat.mtimeMs) };
    }
  }
}

function entriesInKeyOrder(directory: string, namePrefix: string): readonly Dirent[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw storageFailure(error, 'list', directory);
  }
  const ours = entries.filter((entry) => entry.name.startsWith(namePrefix) && isKeySegment(entry.name));
  for (const entry of ours) {
    if (entry.isSymbolicLink()) {
      throw new StorageError(
        `${join(directory, entry.name)} is a symbolic link; put a real file or directory there, or link the whole store`,
      );
    }
  }
  // `a-b` sorts before `a/c` and `a0` after it, so a directory takes part with its slash. Names are ASCII.
  return ours
    .map((entry) => ({ entry, sort: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    .map(({ entry }) => entry);
}
