import { dirname } from 'node:path';

/** An object that is to be deleted. */
export interface Doomed {
  readonly key: string;
  readonly path: string;
}

interface Waiting extends Doomed {
  resolve(): void;
  reject(error: unknown): void;
}

/** Objects that are to be deleted: those of one directory that are asked for side by side go together. */
export class Deletions {
  readonly #deleteIn: (directory: string, doomed: readonly Doomed[]) => void;
  #waiting: Waiting[] = [];

  /** `deleteIn`: deletes objects of one directory, or throws. */
  constructor(deleteIn: (directory: string, doomed: readonly Doomed[]) => void) {
    this.#deleteIn = deleteIn;
  }

  /** Resolves when it is gone. */
  add(doomed: Doomed): Promise<void> {
    const { promise, ...answer } = Promise.withResolvers<void>();
    // After all that can go on by itself: what is asked for side by side is waiting by then.
    if (this.#waiting.length === 0) process.nextTick(() => this.finish());
    this.#waiting.push({ ...doomed, ...answer });
    return promise;
  }

  /** Deletes what waits; to be called before the store is closed. */
  finish(): void {
    const byDirectory = Map.groupBy(this.#waiting.splice(0), ({ path }) => dirname(path));
    for (const [directory, waiting] of byDirectory) {
      try {
        this.#deleteIn(directory, waiting);
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
  }
}
