import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '../adapters/local/make-directory.ts';
import { sqliteCode, storageFailure } from '../adapters/local/storage-failure.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import { RunStore } from '../core/state/run-store.ts';

/** Another process of this machine is running the same source over the same directory. */
export class RunInProgressError extends Error {
  override readonly name = 'RunInProgressError';
}

/** SQLITE_BUSY and SQLITE_LOCKED (sqlite.org/rescode.html). */
const TAKEN: ReadonlySet<number | undefined> = new Set([5, 6]);

interface Place {
  readonly directory: string;
  readonly state: StateStore;
}

/**
 * One run of a source at a time over one directory. The lock is SQLite's lock on a file, so the operating
 * system gives it back when the process dies, however it dies: a rerun after a kill is never turned away.
 * Throws a RunInProgressError at once where it is taken, and a `StorageError` where the file cannot be
 * written. The returned function releases it.
 */
export async function lockRun(place: Place, source: string): Promise<() => void> {
  const file = join(place.directory, 'locks', `${source}.sqlite`);
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(join(place.directory, 'locks'));
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (TAKEN.has(sqliteCode(error))) throw await underWay(place, source);
    throw storageFailure(error, 'take the lock', file);
  }
  const held = database;
  return () => held.close();
}

/** The run has put itself on record a moment after it took the lock; a look-up never does. */
async function underWay({ directory, state }: Place, source: string): Promise<RunInProgressError> {
  const run = await new RunStore(state).last(source);
  const id = run?.status === 'running' ? ` (on record as under way: run ${run.input.runId})` : '';
  return new RunInProgressError(
    `${source} is being run over ${directory} by another process${id}: wait until it ends, or stop it`,
  );
}
