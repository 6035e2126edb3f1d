import { closeSync, fsync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const fsyncAsync = promisify(fsync);

/** Writes a new file whole; on failure nothing is left of it. */
export function writeTemporary(path: string, body: Uint8Array, durable: boolean): void {
  const file = openSync(path, 'wx');
  try {
    writeFileSync(file, body);
    if (durable) fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/**
 * Brings a file or directory to the disk without keeping the event loop waiting for it (a millisecond or
 * more).
 */
export async function syncPath(path: string): Promise<void> {
  const handle = openSync(path, 'r');
  try {
    await fsyncAsync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The same where the order of two writes depends on it. */
export function syncDirectorySync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
