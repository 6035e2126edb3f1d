/**
 * Which files of a lake are known to have the bytes that were committed: what was hashed once need not be
 * hashed again.
 */
export interface VerifiedFiles {
  /** True where the object was found whole before, and nobody has touched its file since. */
  isKnown(key: string): boolean;
  /** Reads the object and has it judged, unless it is known. */
  verify(key: string, isWhole: (bytes: Uint8Array) => boolean): Promise<'whole' | 'missing' | 'damaged'>;
}
