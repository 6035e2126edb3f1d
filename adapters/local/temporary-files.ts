import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from './storage-failure.ts';

/** A temporary file this old belongs to a process that was killed: a put takes seconds at most. */
const STALE_MS = 3_600_000;

/** Where bodies are written before they are renamed into place; the directory is made by whoever writes. */
export class TemporaryFiles {
  readonly directory: string;
  readonly #writer = randomUUID();
  #written = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** A path that nobody else writes to. */
  next(): string {
    return join(this.directory, `${this.#writer}-${this.#written++}`);
  }

  /** Removes what killed processes left. Throws what the file system refuses. */
  removeStale(): void {
    let names: string[];
    try {
      names = readdirSync(this.directory);
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    for (const name of names) {
      const file = join(this.directory, name);
      const stat = lstatSync(file, { throwIfNoEntry: false });
      if (stat && stat.mtimeMs < Date.now() - STALE_MS) rmSync(file, { force: true });
    }
  }
}
