import { lstatSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from '../../core/ports/storage-error.ts';
import { syncDirectory } from './durable-file.ts';
import { makeDirectory } from './make-directory.ts';

/**
 * Directories remembered before the memory starts anew: about 1 MB at most, whatever the length of a window.
 */
const REMEMBERED = 4096;

/**
 * The directories of a store, its root and those below. Remembers which ones exist and really lie there, so
 * that a put or a get costs no system call for its directory, and a new directory one for its own name.
 */
export class LakeDirectories {
  readonly #root: string;
  readonly #known = new Set<string>();
  /** Their own names, and those of all above them, are on the disk. */
  readonly #durable = new Set<string>();
  /** Those whose own names somebody is bringing to the disk. */
  readonly #settling = new Map<string, Promise<void>>();

  /** The path of `root` must be free of symbolic links. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the directory where it is missing, with those above it. */
  make(directory: string): void {
    let isNew = false;
    for (const step of this.#unknown(directory)) {
      // Below one that was made a moment ago nothing has to be looked for.
      if (isNew || !isDirectory(step)) {
        isNew = makeDirectory(step) !== undefined;
        // Somebody else has put something there since the look.
        if (!isNew) isDirectory(step);
      }
      remember(this.#known, step);
    }
  }

  /** False where there is no such directory. */
  exists(directory: string): boolean {
    for (const step of this.#unknown(directory)) {
      if (!isDirectory(step)) return false;
      remember(this.#known, step);
    }
    return true;
  }

  /**
   * Brings the directory's own name to the disk, and the names of those above it, as far as nobody has yet:
   * without them a file that is on the disk cannot be found after a power cut.
   */
  async settle(directory: string): Promise<void> {
    const names: string[] = [];
    for (let at = directory; at !== this.#root && !this.#durable.has(at); at = dirname(at)) names.push(at);
    await Promise.all(names.map((name) => this.#settling.get(name) ?? this.#settle(name)));
  }

  /** The directory is there before this begins, so that others who need its name may wait for the same. */
  #settle(name: string): Promise<void> {
    // Not of one that was removed meanwhile, and may be there again under the same name.
    const isStillOf = () => this.#settling.get(name) === settled;
    const settled = syncDirectory(dirname(name))
      .then(() => {
        if (isStillOf()) remember(this.#durable, name);
      })
      .finally(() => {
        if (isStillOf()) this.#settling.delete(name);
      });
    this.#settling.set(name, settled);
    return settled;
  }

  /**
   * Removes a directory in which nothing is left, with those above it: an object store has no empty ones, and
   * every listing would walk all that ever were. Best effort: one that stays does no harm.
   */
  removeEmpty(directory: string): void {
    for (let at = directory; at !== this.#root; at = dirname(at)) {
      try {
        rmdirSync(at);
      } catch {
        return;
      }
      this.forget(at);
    }
  }

  /** After somebody has removed directories under us; `directory`: only that one. */
  forget(directory?: string): void {
    for (const names of [this.#known, this.#durable, this.#settling]) {
      if (directory === undefined) names.clear();
      else names.delete(directory);
    }
  }

  /** Those on the way from the root to the directory that nobody has looked at, the topmost first. */
  #unknown(directory: string): readonly string[] {
    const steps: string[] = [];
    for (let step = directory; !this.#known.has(step); step = dirname(step)) {
      steps.unshift(step);
      if (step === this.#root) break;
    }
    return steps;
  }
}

/**
 * False where nothing, or a file, is there. A symbolic link is refused: it could lead a key out of the store,
 * and a rename over it to another file system would not be atomic.
 */
function isDirectory(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) {
    throw new StorageError(
      `${path} is a symbolic link; put a real directory there, or link the whole store instead`,
    );
  }
  return stat?.isDirectory() === true;
}

function remember(set: Set<string>, directory: string): void {
  if (set.size >= REMEMBERED) set.clear();
  set.add(directory);
}
