import { DatabaseSync } from 'node:sqlite';

/** Milliseconds to wait for another process's transaction; one takes well under a millisecond. */
const BUSY_TIMEOUT_MS = 10_000;
/** Milliseconds between two tries to open a file that another process is just making. */
const TRY_EVERY_MS = 5;
/** SQLITE_BUSY, the low byte of a result code (sqlite.org/rescode.html). */
const BUSY = 5;

/**
 * Opens a SQLite file and sees to its schema. The switch to WAL of a new file does not wait as other
 * statements do: of two processes that make the file at the same moment one is told at once that it is
 * locked, and tries again here.
 */
export function openSqliteDatabase(path: string, schema: string): DatabaseSync {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec(schema);
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY;
}
