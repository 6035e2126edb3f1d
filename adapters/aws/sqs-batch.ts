import type { OutgoingMessage } from '../../core/ports/work-queue.ts';

/** The limits of one SendMessageBatch, which are those of one message as well. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;

/** Messages in as few batches as SQS takes. Throws a RangeError for one that is too large or empty, before any is sent. */
export function batchesOf(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const batches: OutgoingMessage[][] = [];
  let batch: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body);
    if (size > MAX_BYTES || size === 0)
      throw new RangeError(`a message of ${size} bytes; it may have 1 to ${MAX_BYTES}`);
    if (batch.length === MAX_ENTRIES || bytes + size > MAX_BYTES) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
