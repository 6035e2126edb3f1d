import { realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
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
    throw unwritable(path, error);
  }
}

/** As `writeWhole`, for a text that comes in parts. */
export async function writeWholeStream(path: string, parts: AsyncIterable<string>): Promise<void> {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    if (before && !before.isFile() && !before.isDirectory()) return await writeFile(path, parts);
    const target = before ? realpathSync(path) : path;
    await replaceAsync(target, (temporary) => writeFile(temporary, parts, optionsOf(before)));
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function replaceAsync(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function replace(path: string, text: string, before: Stats | undefined): void {
  const temporary = temporaryOf(path);
  try {
    writeFileSync(temporary, text, optionsOf(before));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}

function optionsOf(before: Stats | undefined): { readonly flag: 'wx'; readonly mode?: number } {
  return { flag: 'wx', ...(before && { mode: before.mode & 0o777 }) };
}

function unwritable(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new FailedCommand(`cannot write ${path}: ${FILE_REASONS[code] ?? message}`);
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
