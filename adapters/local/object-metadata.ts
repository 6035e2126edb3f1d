import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectorySync } from './durable-file.ts';
import { hasCode, isAbsent } from './storage-failure.ts';

export type Metadata = Readonly<Record<string, string>>;

/** An object whose metadata is empty has none. */
export function nonEmpty(metadata: Metadata | undefined): Metadata | undefined {
  return metadata && Object.keys(metadata).length > 0 ? metadata : undefined;
}

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

  /** Where the side files of a key lie. */
  directory(key: string): string {
    return join(this.#root, key);
  }

  /** True where some body of the key has, or had, metadata. */
  isKnown(key: string): boolean {
    return existsSync(this.directory(key));
  }

  /** What a side file holds. */
  encode(metadata: Metadata): Uint8Array {
    return Buffer.from(JSON.stringify(metadata));
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

  /**
   * Before the swap, under the mutex: what the body with this hash will be found with. `written` holds it and
   * is moved into the directory of the key; undefined where the body is to have none.
   */
  stage(key: string, hash: string, written: string | undefined, durable: boolean): void {
    const file = this.#file(key, hash);
    if (written === undefined) {
      // A writer that died before its swap may have left one for the very same body.
      if (existsSync(file)) unlinkSync(file);
      return;
    }
    renameSync(written, file);
    if (durable) syncDirectorySync(this.directory(key));
  }

  /**
   * After the swap, under the mutex: removes what belonged to earlier bodies, once `settle` has brought the
   * swap to the disk: after a power cut an earlier body may be there again. Best effort: what stays does no
   * harm. `hash` is undefined where there is no body any more.
   */
  sweep(key: string, hash: string | undefined, settle: () => void): void {
    const directory = this.directory(key);
    if (!existsSync(directory)) return;
    const earlier = readdirSync(directory).filter((name) => name.startsWith('.') && name !== `.${hash}`);
    if (earlier.length > 0) settle();
    try {
      for (const name of earlier) unlinkSync(join(directory, name));
      if (hash === undefined) rmdirSync(directory);
    } catch (error) {
      if (isAbsent(error) || hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EACCES')) return;
      throw error;
    }
  }

  #file(key: string, hash: string): string {
    return join(this.directory(key), `.${hash}`);
  }
}
