import type { StoredObject } from './object-store.ts';

/**
 * Which files of a lake are known to have the bytes that were committed: what was hashed once need not be
 * hashed again.
 */
export interface VerifiedFiles {
  /**
   * The stamp of the object's file where it was found whole before, and nobody has touched it since: a text
   * that any write changes.
   */
  knownStamp(key: string): string | undefined;
  /** Reads the object and has it judged, unless it is known. */
  verify(key: string, isWhole: (bytes: Uint8Array) => boolean): Promise<'whole' | 'missing' | 'damaged'>;
  /**
   * Keys of the files that a manifest names, a line each, where it was read before and nobody has touched it
   * since. Remembered outside the lake's hashes: to be held against what a manifest may name.
   */
  filesNamedBy(manifest: string): string | undefined;
  /**
   * Reads a manifest, and remembers which files it names. Undefined where there is none; what `filesIn`
   * throws it throws.
   */
  readManifest(
    key: string,
    filesIn: (manifest: StoredObject) => readonly string[],
  ): Promise<{ readonly manifest: StoredObject; readonly files: readonly string[] } | undefined>;
}
