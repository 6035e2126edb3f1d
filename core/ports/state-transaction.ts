import type { StateWrite } from './state-store.ts';

/** Writes of one transaction at most: the limit of DynamoDB. */
export const MAX_WRITES = 100;

/**
 * Throws a RangeError for writes that no `StateStore` takes at once (see `StateStore.write`), before anything
 * is written.
 */
export function assertTransaction(writes: readonly StateWrite[]): void {
  if (writes.length > MAX_WRITES) {
    throw new RangeError(`${writes.length} writes in one transaction; at most ${MAX_WRITES} are allowed`);
  }
  const documents = new Set(writes.map(({ partition, sort }) => JSON.stringify([partition, sort])));
  if (documents.size < writes.length)
    throw new RangeError('two writes of one transaction go to one document');
}
