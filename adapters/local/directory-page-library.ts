import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { type FoundFile, findPageImage, tooLarge } from '../../core/extract/page-image.ts';
import { readLabels } from '../../core/extract/read-labels.ts';
import type { LabelNotice, PageImage, PageKey, PageLibrary } from '../../core/ports/page-library.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { hasCode, isAbsent, storageFailure } from './storage-failure.ts';

/** Folders between the folder of labels and a label: state, school, year. */
const DEPTH = 3;

/**
 * A directory with `labels/` and `images/` as a library. Links are followed as long as they stay inside of
 * these two; either of them, and the directory itself, may be a link. Folders and files that this user may
 * not read are told and left out; without `labels/`, and for all other trouble, it throws a `StorageError`.
 */
export function openDirectoryPageLibrary(directory: string): PageLibrary {
  return new DirectoryPageLibrary(resolve(directory));
}

class DirectoryPageLibrary implements PageLibrary {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async *labels(told?: (notice: LabelNotice) => void): AsyncGenerator<PageKey, void> {
    const path = join(this.#root, 'labels');
    const root = await folder(path);
    if (root === undefined)
      throw new StorageError(
        `there is no folder ${path}; a library has labels in it, as state/school/year/4.json, and images in images/`,
      );
    yield* readLabels(new LabelTree(root).files('', DEPTH), told);
  }

  async image(key: PageKey, told?: (reason: string) => void): Promise<PageImage | undefined> {
    const path = join(this.#root, 'images');
    const root = await folder(path);
    const read = (file: string) => (root === undefined ? undefined : readInside(root, file));
    const noFolder = root === undefined && told ? () => told(`there is no folder ${path}`) : told;
    return findPageImage(key, async (file) => read(file), noFolder);
  }
}

/** The files below a folder, by their paths in it, and what could not be looked at. */
class LabelTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async *files(parent: string, depth: number): AsyncGenerator<string | LabelNotice, void> {
    for (const entry of await this.#entries(parent)) {
      if (!('name' in entry)) {
        yield entry;
        continue;
      }
      const path = `${parent}${entry.name}`;
      const kind = await this.#kindOf(entry, path);
      if (typeof kind !== 'string') yield kind;
      else if (kind === 'file') yield path;
      else if (depth > 0) yield* this.files(`${path}/`, depth - 1);
      else yield passedOver(path, 'a folder this deep holds no labels');
    }
  }

  /** By name; one notice in place of them where this user may not see them. */
  async #entries(parent: string): Promise<readonly (Dirent | LabelNotice)[]> {
    const path = join(this.#root, parent);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      // Gone since its parent was read.
      if (isAbsent(error) && parent !== '') return [];
      if (!isForbidden(error) || parent === '') throw storageFailure(error, 'read', path);
      const reason = 'permission denied: the labels in it are left out';
      return [{ kind: 'unreadable', path: parent.slice(0, -1), reason }];
    }
  }

  async #kindOf(entry: Dirent, path: string): Promise<'file' | 'directory' | LabelNotice> {
    if (entry.isFile()) return 'file';
    if (entry.isDirectory()) return 'directory';
    if (!entry.isSymbolicLink()) return passedOver(path, 'it is neither a file nor a folder');
    try {
      const real = await realPathInside(this.#root, path);
      if (real === undefined) return passedOver(path, 'it is a link that leads nowhere');
      if (real === 'outside') return passedOver(path, LEADS_OUT);
      const target = await stat(real);
      if (target.isFile()) return 'file';
      return target.isDirectory() ? 'directory' : passedOver(path, 'it is neither a file nor a folder');
    } catch (error) {
      if (isAbsent(error)) return passedOver(path, 'it is a link that leads nowhere');
      if (!isForbidden(error)) throw storageFailure(error, 'read', join(this.#root, path));
      return { kind: 'unreadable', path, reason: 'permission denied: where the link leads is not known' };
    }
  }
}

const LEADS_OUT = 'it is a link that leads out of the library';

function passedOver(path: string, reason: string): LabelNotice {
  return { kind: 'passed-over', path, reason };
}

async function readInside(root: string, file: string): Promise<FoundFile> {
  const path = join(root, file);
  try {
    const real = await realPathInside(root, file);
    if (real === undefined) return undefined;
    if (real === 'outside') return LEADS_OUT;
    // What is put there in between is not followed, and a pipe is not waited for.
    const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (!found.isFile()) return 'it is no file';
      return tooLarge(found.size) ?? (await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (isForbidden(error)) return 'permission denied';
    throw storageFailure(error, 'read', path);
  }
}

/** Undefined where there is nothing, or a link goes in a circle. */
async function realPathInside(root: string, path: string): Promise<string | 'outside' | undefined> {
  const real = await realPathOf(join(root, path));
  if (real === undefined) return undefined;
  return real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`) ? real : 'outside';
}

/** The true path of one of the two folders; undefined where it is not there. */
async function folder(path: string): Promise<string | undefined> {
  try {
    return await realPathOf(path);
  } catch (error) {
    throw storageFailure(error, 'read', path);
  }
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'ELOOP')) return undefined;
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return hasCode(error, 'EACCES') || hasCode(error, 'EPERM');
}
