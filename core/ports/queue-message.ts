import { Buffer } from 'node:buffer';
import type { OutgoingMessage } from './work-queue.ts';

/** The limits of a `WorkQueue`, enforced by every adapter: nothing works on one machine that SQS refuses. */

/** The limit of SQS for one message and for a batch of them (256 KiB). */
export const MAX_MESSAGE_BYTES = 262_144;

/** Bytes of a message in UTF-8. Throws a RangeError for one that is empty or too long. */
export function messageBytes({ body }: OutgoingMessage): number {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_MESSAGE_BYTES || bytes === 0)
    throw new RangeError(`a message of ${bytes} bytes; it may have 1 to ${MAX_MESSAGE_BYTES}`);
  return bytes;
}

/** Throws a RangeError for a number of messages that `WorkQueue.receive` does not hand over at once. */
export function assertReceivable(max: number): void {
  if (!Number.isInteger(max) || max < 1 || max > 10)
    throw new RangeError(`receive at most 1 to 10 messages, not ${max}`);
}
