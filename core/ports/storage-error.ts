/**
 * A store could not do its work: permissions, a full disk, a damaged file, a lock held too long. The message
 * is one line for a person: what failed, where, and what to do about it. `cause` keeps the original.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}
