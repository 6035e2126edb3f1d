import { dirname } from 'node:path';

interface Waiting {
  readonly path: string;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Paths of objects that are to be deleted: those of one directory that are asked for side by side go
 * together.
 */
export class Deletions {
  readonly #deleteIn: (directory: string, paths: readonly string[]) => void;
  #waiting: Waiting[] = [];

  /** `deleteIn`: deletes objects of one directory, or throws. */
  constructor(deleteIn: (directory: string, paths: readonly string[]) => void) {
    this.#deleteIn = deleteIn;
  }

  /** Resolves when it is gone. */
  add(path: string): Promise<void> {
    const { promise, ...answer } = Promise.withResolvers<void>();
    // After all that can go on by itself: what is asked for side by side is waiting by then.
    if (this.#waiting.length === 0) process.nextTick(() => this.finish());
    this.#waiting.push({ path, ...answer });
    return promise;
  }

  /** Deletes what waits; to be called before the store is closed. */
  finish(): void {
    const byDirectory = Map.groupBy(this.#waiting.splice(0), ({ path }) => dirname(path));
    for (const [directory, waiting] of byDirectory) {
      try {
        this.#deleteIn(
          directory,
          waiting.map(({ path }) => path),
        );
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
  }
}
