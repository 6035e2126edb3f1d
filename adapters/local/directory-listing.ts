import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isKeySegment } from '../../core/ports/object-key.ts';
import type { ObjectListing } from '../../core/ports/object-store.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { PACKED } from './packed-frames.ts';
import { isAbsent, storageFailure } from './storage-failure.ts';

/** Objects after which a listing lets others go on: it reads the disk itself, which a thread makes dearer. */
const AT_ONCE = 1000;

/**
 * The names of objects that are no files of their own; one may have a `/`, as in the files of whole trees.
 */
interface Packed {
  /** Those of the directory's own file; asked where it has one. */
  in(directory: string): readonly string[];
  /** Those of the directory in the files of directories above it. */
  above(directory: string): readonly string[];
}

/**
 * The objects below `root` whose key starts with `prefix`, in byte order of the keys. Holds one directory a
 * level at a time, never the tree. Names that can be no part of a key (the store's own, an editor's) are
 * passed over.
 */
export async function* listDirectory(
  root: string,
  prefix: string,
  packed: Packed,
): AsyncGenerator<ObjectListing> {
  const slash = prefix.lastIndexOf('/') + 1;
  let listed = 0;
  const parent = prefix.slice(0, slash);
  const above = packed.above(join(root, prefix.slice(0, Math.max(0, slash - 1))));
  // Most that are asked for at the start of a run are not there: the look is cheaper than the error.
  if (above.length === 0 && !existsSync(join(root, parent))) return;
  for (const object of walk({ root, packed }, parent, prefix.slice(slash), above)) {
    yield object;
    if (++listed % AT_ONCE === 0) await setImmediate();
  }
}

interface Walk {
  readonly root: string;
  readonly packed: Packed;
}

/** `above`: objects of this directory, and below it, that files above it have. */
function* walk(
  of: Walk,
  parent: string,
  namePrefix: string,
  above: readonly string[],
): Generator<ObjectListing> {
  for (const entry of entriesInKeyOrder(of, parent, namePrefix, above)) {
    const key = `${parent}${entry.name}`;
    if (entry.packed) yield* walk(of, `${key}/`, '', entry.packed);
    else yield { key };
  }
}

interface Entry {
  readonly name: string;
  /** Of a directory: what files above it have of its objects. */
  readonly packed?: readonly string[];
}

function entriesInKeyOrder(
  { root, packed }: Walk,
  parent: string,
  namePrefix: string,
  above: readonly string[],
): Entry[] {
  const directory = join(root, parent);
  const entries = entriesOf(directory);
  const isOurs = ({ name }: { readonly name: string }) => name.startsWith(namePrefix) && isKeySegment(name);
  const ours = entries.filter(isOurs);
  for (const entry of ours) {
    if (entry.isSymbolicLink()) {
      throw new StorageError(
        `${join(directory, entry.name)} is a symbolic link; put a real file or directory there, or link the whole store`,
      );
    }
  }
  const hasOwn = entries.some(({ name }) => name === PACKED);
  const { here, below } = byDirectory(hasOwn ? [...above, ...packed.in(directory)] : above);
  // A file may have the name of one that is packed: they are one object, written twice.
  const objects = new Set(here);
  for (const entry of ours) {
    if (entry.isFile()) objects.add(entry.name);
    else if (entry.isDirectory() && !below.has(entry.name)) below.set(entry.name, []);
  }
  const all: Entry[] = [...objects].map((name) => ({ name }));
  for (const [name, packed] of below) all.push({ name, packed });
  // `a-b` sorts before `a/c` and `a0` after it, so a directory takes part with its slash. Names are ASCII.
  return all
    .filter(isOurs)
    .map((entry) => ({ entry, sort: entry.packed ? `${entry.name}/` : entry.name }))
    .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    .map(({ entry }) => entry);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw storageFailure(error, 'list', directory);
  }
}

/** Those of the directory itself, and those of each below it by the rest of their names. */
function byDirectory(packed: readonly string[]): {
  readonly here: readonly string[];
  readonly below: Map<string, string[]>;
} {
  const here: string[] = [];
  const below = new Map<string, string[]>();
  for (const name of packed) {
    const slash = name.indexOf('/');
    if (slash < 0) {
      here.push(name);
      continue;
    }
    const directory = name.slice(0, slash);
    const those = below.get(directory) ?? [];
    those.push(name.slice(slash + 1));
    below.set(directory, those);
  }
  return { here, below };
}
