import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { StorageError } from '../../core/ports/storage-error.ts';

/** What to do about an error of the file system, by its code. */
const FILE_ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; give this user write access to it, or choose another directory',
  EPERM: 'not permitted; give this user write access to it, or choose another directory',
  EROFS: 'the file system is read-only; choose a directory that can be written',
  ENOSPC: 'the disk is full; free some space and run again',
  EDQUOT: 'the disk quota is used up; free some space and run again',
  EIO: 'the disk reports an input/output error; check it before running again',
  ENOTDIR: 'a file stands where a directory is needed; move it away, or choose another directory',
  EEXIST: 'a file stands where a directory is needed; move it away, or choose another directory',
  EISDIR: 'a directory stands where a file is needed; move it away, or choose another directory',
  ENOTEMPTY: 'a directory stands where a file is needed; move it away, or choose another directory',
  ELOOP: 'it is a symbolic link; put the file itself there',
  EXDEV: 'it lies on another file system; keep the whole directory on one',
  ENAMETOOLONG: 'a part of the name is too long for this file system; use shorter identifiers',
  EMFILE: 'too many open files; raise the limit (ulimit -n) and run again',
  ENFILE: 'too many open files on this machine; close some programs and run again',
};

/** What to do about an error of SQLite, by its primary result code (sqlite.org/rescode.html). */
const SQLITE_ADVICE: Readonly<Record<number, string>> = {
  5: 'another process has kept it locked; wait for that process to end, or stop it, and run again',
  6: 'another process has kept it locked; wait for that process to end, or stop it, and run again',
  8: 'it is read-only; give this user write access to it and to its directory',
  10: 'the disk reports an input/output error; check it before running again',
  11: 'the file is damaged; move it away (its contents start anew), or restore a copy',
  13: 'the disk is full; free some space and run again',
  14: 'it cannot be opened; check that its directory exists and can be written',
  26: 'the file is not a SQLite database; move it away, or choose another directory',
};

/** The error as a `StorageError` where its code is known; any other error as it is, for it is a bug. */
export function storageFailure(error: unknown, action: string, path: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const advice = adviceFor(error, path);
  return advice === undefined
    ? error
    : new StorageError(`cannot ${action} ${path}: ${advice}`, { cause: error });
}

function adviceFor(error: Error, path: string): string | undefined {
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  const result = sqliteCode(error);
  if (result === undefined) return FILE_ADVICE[error.code];
  return (IS_VAGUE.has(result) ? refusalBeside(path) : undefined) ?? SQLITE_ADVICE[result];
}

/** Results of SQLite behind which a full or read-only disk may be; it does not tell. */
const IS_VAGUE: ReadonlySet<number> = new Set([8, 10, 14]);
/** Bytes: as much as SQLite asks for at once, beside a database. */
const PROBE_BYTES = 65_536;

/** What the file system says to a file of some size beside `path`; undefined where it takes it. */
function refusalBeside(path: string): string | undefined {
  const probe = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(probe, new Uint8Array(PROBE_BYTES), { flag: 'wx', flush: true });
    return undefined;
  } catch (error) {
    return FILE_ADVICE[(error as NodeJS.ErrnoException).code ?? ''];
  } finally {
    rmSync(probe, { force: true });
  }
}

/** The primary result code of an error of SQLite, its low byte; the rest only refines it. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

/** True for "there is nothing at this path", also where a part of the path is a file. */
export function isAbsent(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
