import { closeSync, fdatasync, fsync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const flushData = promisify(fdatasync);
const flush = promisify(fsync);

/**
 * Writes a new file whole; on failure nothing is left of it. Durable: its bytes and its size are on the disk
 * when this resolves, its name is not. The event loop does not wait for the disk (a millisecond or more).
 */
export async function writeNewFile(path: string, body: Uint8Array, durable: boolean): Promise<void> {
  const file = openSync(path, 'wx');
  try {
    writeFileSync(file, body);
    if (durable) await flushData(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Brings the names in a directory to the disk without keeping the event loop waiting for it. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = openSync(path, 'r');
  try {
    await flush(handle);
  } finally {
    closeSync(handle);
  }
}

/** The same under a lock, which must not be held over an await. */
export function syncDirectorySync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
