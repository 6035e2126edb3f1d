import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StorageError } from '../core/ports/storage-error.ts';

/** Another process of this machine is running the same source over the same directory. */
export class RunInProgressError extends Error {
  override readonly name = 'RunInProgressError';
}

/**
 * One run of a source at a time over one directory. The lock is SQLite's lock on a file, so the operating
 * system gives it back when the process dies, however it dies: a rerun after a kill is never turned away.
 * Throws a RunInProgressError at once where it is taken. The returned function releases it.
 */
export function lockRun(directory: string, source: string): () => void {
  const folder = join(directory, 'locks');
  const file = join(folder, `${source}.sqlite`);
  let database: DatabaseSync;
  try {
    mkdirSync(folder, { recursive: true });
    database = new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw new StorageError(
      `cannot take the lock ${file}: ${(error as Error).message}; give another --local directory`,
    );
  }
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) {
      throw new RunInProgressError(
        `${source} is being run over ${directory} by another process: wait until it ends, or use another --local directory`,
      );
    }
    throw error;
  }
  return () => database.close();
}
