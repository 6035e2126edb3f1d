import { realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FailedCommand } from './failure.ts';

/**
 * Writes a file whole or not at all: whoever reads it meanwhile sees the one that was there before. Throws a
 * FailedCommand of one line where it cannot be written.
 */
export function writeWhole(path: string, text: string): void {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    // A device or a pipe is written to: a rename would put a file in its place.
    if (before && !before.isFile() && !before.isDirectory()) writeFileSync(path, text);
    else replace(before ? realpathSync(path) : path, text, before);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new FailedCommand(`cannot write ${path}: ${FILE_REASONS[code] ?? message}`);
  }
}

function replace(path: string, text: string, before: Stats | undefined): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text, { flag: 'wx', ...(before && { mode: before.mode & 0o777 }) });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Why a file could not be written, by the code of the system. */
export const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'a part of its path is no directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'its name is too long',
};
