import { MAX_MESSAGE_BYTES, messageBytes } from '../../core/ports/queue-message.ts';
import type { OutgoingMessage } from '../../core/ports/work-queue.ts';

/** The limit of every batch of SQS. */
export const MAX_ENTRIES = 10;
/**
 * Batches under way at once, where there are many: one after the other, 10,000 messages take half a minute.
 */
const BATCHES_AT_ONCE = 10;

/**
 * Messages in as few batches as SQS takes. Throws a RangeError for one that is too large or empty, before any
 * is sent.
 */
export function batchesOf<Message extends OutgoingMessage>(messages: readonly Message[]): Message[][] {
  const batches: Message[][] = [];
  let batch: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = messageBytes(message);
    if (batch.length === MAX_ENTRIES || bytes + size > MAX_MESSAGE_BYTES) {
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

/** What needs no more than its receipt or its id, ten at a time. */
export function tensOf<Entry>(entries: readonly Entry[]): Entry[][] {
  return Array.from({ length: Math.ceil(entries.length / MAX_ENTRIES) }, (_, n) =>
    entries.slice(n * MAX_ENTRIES, (n + 1) * MAX_ENTRIES),
  );
}

/**
 * Does `work` for each batch, some at once. Rejects with the first error when those under way with it have
 * ended.
 */
export async function forEachBatch<Entry>(
  batches: readonly Entry[][],
  work: (batch: Entry[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < batches.length; at += BATCHES_AT_ONCE) {
    const ends = await Promise.allSettled(batches.slice(at, at + BATCHES_AT_ONCE).map(work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
