import { statSync } from 'node:fs';

/**
 * Changes with every write to the file, and with a copy; undefined where there is none, or nobody may look:
 * reading it tells.
 */
export function fileStamp(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':');
  } catch {
    return undefined;
  }
}

/** The size of a file; undefined where there is none, or nobody may look. */
export function fileBytes(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch {
    return undefined;
  }
}
