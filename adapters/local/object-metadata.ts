import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDirectorySync, writeTemporary } from './durable-file.ts';
import { makeDirectory } from './make-directory.ts';
import { hasCode, isAbsent } from './storage-failure.ts';

export type Metadata = Readonly<Record<string, string>>;

/**
 * Metadata of objects, one side file per object that has any: `<root>/.meta/<key>/.<etag>`.
 * The etag in the name ties it to one body: it is put in place before that body is swapped in and swept only
 * after, so whoever has read a body finds the metadata of exactly that body, whatever happens in between.
 * Names start with a dot so that they can never be a segment of another key.
 */
export class ObjectMetadata {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** True where some body of the key has, or had, metadata. */
  isKnown(key: string): boolean {
    return existsSync(join(this.#root, key));
  }

  /** Undefined where this body has none. */
  read(key: string, hash: string): Metadata | undefined {
    const file = this.#file(key, hash);
    // Most objects have none, and an error that is thrown and caught costs more than the look.
    if (!existsSync(file)) return undefined;
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Before the swap, under the mutex: what the body with this hash will be found with. */
  stage(
    key: string,
    hash: string,
    metadata: Metadata | undefined,
    temporary: string,
    durable: boolean,
  ): void {
    const file = this.#file(key, hash);
    if (metadata === undefined) {
      // A writer that died before its swap may have left one for the very same body.
      if (existsSync(file)) rmSync(file, { force: true });
      return;
    }
    const created = makeDirectory(dirname(file));
    writeTemporary(temporary, Buffer.from(JSON.stringify(metadata)), durable);
    renameSync(temporary, file);
    if (!durable) return;
    // Directories that were there before are on the disk already; only their new entries are not.
    const top = created === undefined ? dirname(file) : dirname(created);
    for (let directory = dirname(file); directory.length >= top.length; directory = dirname(directory)) {
      syncDirectorySync(directory);
    }
  }

  /**
   * After the swap, under the mutex: removes what belonged to earlier bodies. Best effort: what stays does no
   * harm.
   */
  sweep(key: string, hash: string | undefined): void {
    const directory = join(this.#root, key);
    if (!existsSync(directory)) return;
    try {
      for (const name of readdirSync(directory)) {
        if (name.startsWith('.') && name !== `.${hash}`) rmSync(join(directory, name), { force: true });
      }
      if (hash === undefined) rmdirSync(directory);
    } catch (error) {
      if (isAbsent(error) || hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EACCES')) return;
      throw error;
    }
  }

  #file(key: string, hash: string): string {
    return join(this.#root, key, `.${hash}`);
  }
}
