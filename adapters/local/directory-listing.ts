import { type Dirent, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isKeySegment } from '../../core/ports/object-key.ts';
import type { ObjectListing } from '../../core/ports/object-store.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { PACKED } from './packed-frames.ts';
import { isAbsent, storageFailure } from './storage-failure.ts';

/** Objects after which a listing lets others go on: it reads the disk itself, which a thread makes dearer. */
const AT_ONCE = 1000;

/** Objects of a directory that are no files of their own; asked where it has any. */
type PackedIn = (
  directory: string,
) => readonly { readonly name: string; readonly bytes: number; readonly lastModified: number }[];

/**
 * The objects below `root` whose key starts with `prefix`, in byte order of the keys. Holds one directory a
 * level at a time, never the tree. Names that can be no part of a key (the store's own, an editor's) are
 * passed over.
 */
export async function* listDirectory(
  root: string,
  prefix: string,
  packedIn: PackedIn,
): AsyncGenerator<ObjectListing> {
  const slash = prefix.lastIndexOf('/') + 1;
  let listed = 0;
  const parent = prefix.slice(0, slash);
  // Most that are asked for at the start of a run are not there: the look is cheaper than the error.
  if (!existsSync(join(root, parent))) return;
  for (const object of walk(root, parent, prefix.slice(slash), packedIn)) {
    yield object;
    if (++listed % AT_ONCE === 0) await setImmediate();
  }
}

function* walk(
  root: string,
  parent: string,
  namePrefix: string,
  packedIn: PackedIn,
): Generator<ObjectListing> {
  for (const entry of entriesInKeyOrder(join(root, parent), namePrefix, packedIn)) {
    const key = `${parent}${entry.name}`;
    if (entry.kind === 'directory') {
      yield* walk(root, `${key}/`, '', packedIn);
    } else if (entry.kind === 'packed') {
      yield { key, size: entry.bytes, lastModified: entry.lastModified };
    } else {
      // Undefined: deleted since the directory was read.
      const stat = lstatSync(join(root, key), { throwIfNoEntry: false });
      if (stat?.isFile()) yield { key, size: stat.size, lastModified: Math.floor(stat.mtimeMs) };
    }
  }
}

type Entry =
  | { readonly kind: 'directory' | 'file'; readonly name: string }
  | ({ readonly kind: 'packed' } & ReturnType<PackedIn>[number]);

function entriesInKeyOrder(directory: string, namePrefix: string, packedIn: PackedIn): Entry[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw storageFailure(error, 'list', directory);
  }
  const isOurs = ({ name }: { readonly name: string }) => name.startsWith(namePrefix) && isKeySegment(name);
  const ours = entries.filter(isOurs);
  for (const entry of ours) {
    if (entry.isSymbolicLink()) {
      throw new StorageError(
        `${join(directory, entry.name)} is a symbolic link; put a real file or directory there, or link the whole store`,
      );
    }
  }
  const files = ours.map(
    (entry): Entry => ({ kind: entry.isDirectory() ? 'directory' : 'file', name: entry.name }),
  );
  const packed = entries.some(({ name }) => name === PACKED) ? packedBeside(files, packedIn(directory)) : [];
  // `a-b` sorts before `a/c` and `a0` after it, so a directory takes part with its slash. Names are ASCII.
  return [...files, ...packed.filter(isOurs)]
    .map((entry) => ({ entry, sort: entry.kind === 'directory' ? `${entry.name}/` : entry.name }))
    .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    .map(({ entry }) => entry);
}

/** A file of the same name was written later: it is the object. */
function packedBeside(files: readonly Entry[], packed: ReturnType<PackedIn>): Entry[] {
  const names = new Set(files.flatMap(({ kind, name }) => (kind === 'file' ? [name] : [])));
  return packed.flatMap((one): Entry[] => (names.has(one.name) ? [] : [{ kind: 'packed', ...one }]));
}
