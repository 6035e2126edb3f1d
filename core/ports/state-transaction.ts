import { Buffer } from 'node:buffer';
import type { StateWrite } from './state-store.ts';

/** Writes of one transaction at most: the limit of DynamoDB. */
export const MAX_WRITES = 100;

/**
 * Keys and values of one transaction at most, in bytes of UTF-8. DynamoDB takes 4 MB, and counts the names of
 * attributes and the documents that are only checked as well: they have what is left.
 */
const MAX_TRANSACTION_BYTES = 3_500_000;

/**
 * The value of each write as JSON text; undefined where it has none. Throws a RangeError for writes that no
 * `StateStore` takes at once (see `StateStore.write`), before anything is written.
 */
export function encodeTransaction(writes: readonly StateWrite[]): readonly (string | undefined)[] {
  if (writes.length > MAX_WRITES) {
    throw new RangeError(`${writes.length} writes in one transaction; at most ${MAX_WRITES} are allowed`);
  }
  if (writes.length > 1) {
    const documents = new Set(writes.map(({ partition, sort }) => `${partition.length} ${partition}${sort}`));
    if (documents.size < writes.length)
      throw new RangeError('two writes of one transaction go to one document');
  }
  const texts = writes.map((write) => (write.kind === 'put' ? JSON.stringify(write.value) : undefined));
  if (writes.length > 1 && !isSurelySmall(writes, texts)) {
    const bytes = writes.reduce((sum, write, at) => sum + writtenBytes(write, texts[at]), 0);
    if (bytes > MAX_TRANSACTION_BYTES)
      throw new RangeError(`${bytes} bytes in one transaction; at most ${MAX_TRANSACTION_BYTES} are allowed`);
  }
  return texts;
}

/** By the lengths of the texts alone: a character takes three bytes at most. */
function isSurelySmall(writes: readonly StateWrite[], texts: readonly (string | undefined)[]): boolean {
  let length = 0;
  for (const [at, { partition, sort }] of writes.entries())
    length += partition.length + sort.length + (texts[at]?.length ?? 0);
  return length * 3 <= MAX_TRANSACTION_BYTES;
}

function writtenBytes({ partition, sort }: StateWrite, text = ''): number {
  return Buffer.byteLength(partition) + Buffer.byteLength(sort) + Buffer.byteLength(text);
}
