import { existsSync, ftruncateSync, openSync, type Stats, writeFileSync, writevSync } from 'node:fs';
import { StorageError } from '../../core/ports/storage-error.ts';
import { readBytes } from './object-file.ts';
import { HEAD_BYTES, isHead, type PackedObject } from './packed-frames.ts';
import { isAbsent } from './storage-failure.ts';

/** What is known of one file: all that lies before `end`. */
export interface Known {
  /** What the file begins with: another file at the same path has another. */
  readonly head: string;
  /** How the file was when it was looked at, by which one that nobody has touched is known. */
  stat: Stats;
  readonly objects: Map<string, PackedObject>;
  end: number;
}

/** Most directories have none, and an error that is thrown and caught costs more than the look. */
export function openWhereThere(path: string, flags: number): number | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return openSync(path, flags);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Undefined where a writer was killed before it had written it, or a power cut left zeros in its place. */
export function headOf(path: string, file: number): string | undefined {
  const text = readBytes(file, 0, HEAD_BYTES).toString('latin1');
  if (isHead(text)) return text;
  if (text.length < HEAD_BYTES || text.includes('\0')) return undefined;
  throw new StorageError(
    `cannot read ${path}: another version of Rescrape wrote it, or it is none of its files; run that version, or move the file away`,
  );
}

export function isUntouched({ stat, end }: Known, { ino, birthtimeMs, size }: Stats): boolean {
  return size === end && ino === stat.ino && birthtimeMs === stat.birthtimeMs;
}

/** Behind what is known, whatever lies there; all of it or nothing, as where the disk is full. */
export function writeFrame(file: number, known: Known, parts: readonly Uint8Array[]): void {
  if (known.stat.size > known.end) ftruncateSync(file, known.end);
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  try {
    const written = writevSync(file, parts);
    if (written < bytes) writeFileSync(file, Buffer.concat(parts).subarray(written));
  } catch (error) {
    ftruncateSync(file, known.end);
    throw error;
  }
  known.end += bytes;
  known.stat.size = known.end;
}
