import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/**
 * Lays out an installation that an earlier version made. One file holds it, with Brotli around: a line of
 * JSON with the path and the length of every file, then their bytes in that order.
 */
export function layOut(fixture: string, directory: string): void {
  const bytes = brotliDecompressSync(readFileSync(fixture));
  const end = bytes.indexOf('\n');
  let at = end + 1;
  for (const [path, length] of JSON.parse(bytes.subarray(0, end).toString()) as [string, number][]) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes.subarray(at, at + length));
    at += length;
  }
}
