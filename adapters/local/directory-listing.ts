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

/** An object that is no file of its own; its name may have a `/`, as in the files of whole trees. */
interface PackedEntry {
  readonly name: string;
  readonly bytes: number;
  readonly lastModified: number;
}

/** The objects that are no files of their own. */
interface Packed {
  /** Those of the directory's own file; asked where it has one. */
  in(directory: string): readonly PackedEntry[];
  /** Those of the directory in the files of directories above it. */
  above(directory: string): readonly PackedEntry[];
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
  above: readonly PackedEntry[],
): Generator<ObjectListing> {
  for (const entry of entriesInKeyOrder(of, parent, namePrefix, above)) {
    const key = `${parent}${entry.name}`;
    if (entry.kind === 'directory') {
      yield* walk(of, `${key}/`, '', entry.packed);
    } else if (entry.kind === 'packed') {
      yield { key, size: entry.bytes, lastModified: entry.lastModified };
    } else {
      // Undefined: deleted since the directory was read.
      const stat = lstatSync(join(of.root, key), { throwIfNoEntry: false });
      if (stat?.isFile()) yield { key, size: stat.size, lastModified: Math.floor(stat.mtimeMs) };
    }
  }
}

type Entry =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'directory'; readonly name: string; readonly packed: readonly PackedEntry[] }
  | ({ readonly kind: 'packed' } & PackedEntry);

function entriesInKeyOrder(
  { root, packed }: Walk,
  parent: string,
  namePrefix: string,
  above: readonly PackedEntry[],
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
  const files = new Set<string>();
  for (const entry of ours) {
    if (!entry.isDirectory()) files.add(entry.name);
    else if (!below.has(entry.name)) below.set(entry.name, []);
  }
  const all: Entry[] = [...files].map((name) => ({ kind: 'file', name }));
  for (const [name, those] of below)
    if (isOurs({ name })) all.push({ kind: 'directory', name, packed: those });
  // A file of the same name was written later: it is the object.
  for (const each of here) if (isOurs(each) && !files.has(each.name)) all.push({ kind: 'packed', ...each });
  // `a-b` sorts before `a/c` and `a0` after it, so a directory takes part with its slash. Names are ASCII.
  return all
    .map((entry) => ({ entry, sort: entry.kind === 'directory' ? `${entry.name}/` : entry.name }))
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
function byDirectory(packed: readonly PackedEntry[]): {
  readonly here: readonly PackedEntry[];
  readonly below: Map<string, PackedEntry[]>;
} {
  const here: PackedEntry[] = [];
  const below = new Map<string, PackedEntry[]>();
  for (const one of packed) {
    const slash = one.name.indexOf('/');
    if (slash < 0) {
      here.push(one);
      continue;
    }
    const name = one.name.slice(0, slash);
    const those = below.get(name) ?? [];
    those.push({ ...one, name: one.name.slice(slash + 1) });
    below.set(name, those);
  }
  return { here, below };
}
