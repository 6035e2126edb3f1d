import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { sqliteCode } from './storage-failure.ts';

/** Milliseconds to wait for another process's transaction; one takes well under a millisecond. */
const BUSY_TIMEOUT_MS = 10_000;
/** Milliseconds between two tries to open a file that another process is just making. */
const TRY_EVERY_MS = 5;
/** SQLITE_BUSY (sqlite.org/rescode.html). */
const BUSY = 5;
/** SQLITE_READONLY and SQLITE_CANTOPEN. */
const REFUSED: ReadonlySet<number | undefined> = new Set([8, 14]);

/**
 * Opens a SQLite file and sees to its schema. The switch to WAL of a new file does not wait as other
 * statements do: of two processes that make the file at the same moment one is told at once that it is
 * locked, and tries again here. Where its directory cannot be written, the file can still be read: then every
 * write fails as one to a read-only database.
 */
export function openSqliteDatabase(path: string, schema: string): DatabaseSync {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      database.exec(schema);
      return database;
    } catch (error) {
      database?.close();
      const copy = REFUSED.has(sqliteCode(error)) ? readOnlyCopy(path) : undefined;
      if (copy) return copy;
      if (sqliteCode(error) !== BUSY || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY_MS);
    }
  }
}

/**
 * A database in WAL mode cannot be read without files beside it. What stands in a directory that cannot be
 * written is copied and read from there. Undefined where there is no file, or where somebody works with it:
 * then a copy might be half of what was before.
 */
function readOnlyCopy(path: string): DatabaseSync | undefined {
  const before = stampOf(path);
  if (before === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-read-'));
  try {
    const file = join(folder, 'copy.sqlite');
    copyFileSync(path, file);
    if (stampOf(path) !== before) return undefined;
    const url = pathToFileURL(file);
    url.search = 'immutable=1';
    // Once it is open, the copy needs no name any more.
    return new DatabaseSync(url, { readOnly: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Size and last change of the file; undefined without one, and where a log of changes lies beside it. */
function stampOf(path: string): string | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (
    file === undefined ||
    file.size === 0n ||
    (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  )
    return undefined;
  return `${file.size} ${file.mtimeNs}`;
}
