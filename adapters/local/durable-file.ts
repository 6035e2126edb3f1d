import { closeSync, fdatasync, fsync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
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

/** Directories whose names will be brought to the disk in a moment. */
const soon = new Map<string, Promise<void>>();

/**
 * Brings the names in a directory to the disk without keeping the event loop waiting for it; once for all who
 * ask before it begins.
 */
export function syncDirectory(path: string): Promise<void> {
  const begun = soon.get(path);
  if (begun) return begun;
  const synced = syncSoon(path);
  soon.set(path, synced);
  return synced;
}

async function syncSoon(path: string): Promise<void> {
  await setImmediate();
  soon.delete(path);
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
