import { existsSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Metadata, readJson } from './side-file.ts';
import { hasCode, isAbsent } from './storage-failure.ts';

/**
 * Metadata as versions before kept it: `<root>/.meta/<key>/.<hash>`. It is read as long as it is there, and
 * goes with the next write of its object.
 */
export class EarlierMetadata {
  readonly #root: string;
  #isThere: boolean | undefined;

  /** `root`: of the store. */
  constructor(root: string) {
    this.#root = join(root, '.meta');
  }

  /** True where some body of the key had metadata. */
  isKnown(key: string): boolean {
    this.#isThere ??= existsSync(this.#root);
    return this.#isThere && existsSync(join(this.#root, key));
  }

  /** Undefined where this body has none. */
  read(key: string, hash: string): Metadata | undefined {
    if (!this.isKnown(key)) return undefined;
    return readJson(join(this.#root, key, `.${hash}`)) as Metadata | undefined;
  }

  /** Of one body, or of all that the key ever had; with the directories in which nothing is left. */
  remove(key: string, hash?: string): void {
    if (!this.isKnown(key)) return;
    const directory = join(this.#root, key);
    try {
      for (const name of readdirSync(directory))
        if (name.startsWith('.') && (hash === undefined || name === `.${hash}`))
          unlinkSync(join(directory, name));
      for (let at = directory; at !== dirname(this.#root); at = dirname(at)) rmdirSync(at);
    } catch (error) {
      // Others remove them as well, and what stays of earlier bodies does no harm.
      if (!isAbsent(error) && !hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EACCES')) throw error;
    }
  }
}
