import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from '../../core/ports/storage-error.ts';
import { syncPath } from './durable-file.ts';
import { makeDirectory } from './make-directory.ts';
import { isAbsent } from './storage-failure.ts';

/**
 * Directories remembered before the memory starts anew: about 1 MB at most, whatever the length of a window.
 */
const REMEMBERED = 4096;

/**
 * The directories below the root of a store. Remembers which ones exist and really lie there, so that a put
 * or a get costs no system call for its directory.
 */
export class LakeDirectories {
  readonly #root: string;
  readonly #known = new Set<string>();
  readonly #durable = new Set<string>();

  /** `root` must be free of symbolic links itself. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the directory where it is missing. */
  make(directory: string): void {
    if (this.#known.has(directory)) return;
    makeDirectory(directory);
    this.#refuseLink(directory);
    remember(this.#known, directory);
  }

  /** False where there is no such directory. */
  exists(directory: string): boolean {
    if (this.#known.has(directory)) return true;
    try {
      this.#refuseLink(directory);
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
    remember(this.#known, directory);
    return true;
  }

  /**
   * After a rename into the directory: the new name must survive a power cut, and so must the directory's
   * own.
   */
  async sync(directory: string): Promise<void> {
    await syncPath(directory);
    if (this.#durable.has(directory)) return;
    for (let child = directory; child.length > this.#root.length; child = dirname(child)) {
      await syncPath(dirname(child));
    }
    remember(this.#durable, directory);
  }

  /** After somebody has removed directories under us. */
  forget(): void {
    this.#known.clear();
    this.#durable.clear();
  }

  /**
   * A link could lead a key out of the store, and a rename over it to another file system would not be
   * atomic.
   */
  #refuseLink(directory: string): void {
    if (realpathSync.native(directory) !== directory) {
      throw new StorageError(
        `${directory} leads through a symbolic link; put a real directory there, or link the whole store instead`,
      );
    }
  }
}

function remember(set: Set<string>, directory: string): void {
  if (set.size >= REMEMBERED) set.clear();
  set.add(directory);
}
