import { linkSync, readSync, renameSync, unlinkSync } from 'node:fs';
import { hasCode } from './storage-failure.ts';

/** `length` bytes from `offset`; fewer where the file ends before. */
export function readBytes(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/**
 * Gives a written file its name, over what stands there. `isNew`: false where something stands there by now:
 * a plain write takes no lock, so looking first is not enough.
 */
export function swapIn(temporary: string, path: string, isNew: boolean): boolean {
  if (!isNew) {
    renameSync(temporary, path);
    return true;
  }
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  unlinkSync(temporary);
  return true;
}
