import type { Message } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../../core/ports/work-queue.ts';
import { forEachBatch, MAX_ENTRIES, tensOf } from './sqs-batch.ts';
import { REASON, type SqsQueue } from './sqs-queue.ts';

/** Calls under way at once: one after the other, 8,000 dead letters take two minutes. */
const CALLS_AT_ONCE = 10;
/**
 * How long a dead letter is hidden that was read, where the listing is not ended in order. SQS has at most
 * 120,000 hidden at a time, and at 150 ms a call those are read in three minutes: none comes back while
 * others have not been read yet.
 */
const HIDDEN_MS = 300_000;

/**
 * The dead letters, oldest first. Receives all of them before it shows the first, because SQS knows no order;
 * those that nobody purged are visible again when the listing has ended.
 */
export async function* listDeadLetters(queue: SqsQueue): AsyncGenerator<DeadLetter> {
  const found = new Map<string, Message>();
  try {
    while (await findMore(queue, found));
    const sentAt = ({ Attributes }: Message) => Number(Attributes?.SentTimestamp ?? 0);
    for (const message of [...found.values()].sort((a, b) => sentAt(a) - sentAt(b)))
      yield deadLetterOf(message);
  } finally {
    const receipts = [...found.values()].map(({ ReceiptHandle }) => ReceiptHandle ?? '');
    await forEachBatch(tensOf(receipts), (ten) => queue.show(ten));
  }
}

/**
 * One round of calls; false where it brought no dead letter that was not found before. A single empty answer
 * says little (SQS may have asked some of its servers), and one that was found before says that it is visible
 * again, not that there are more.
 */
async function findMore(queue: SqsQueue, found: Map<string, Message>): Promise<boolean> {
  const before = found.size;
  const calls = Array.from({ length: CALLS_AT_ONCE }, () => queue.receive(MAX_ENTRIES, HIDDEN_MS));
  const ends = await Promise.allSettled(calls);
  // The newest receipt of a dead letter is the one that shows it again.
  for (const end of ends) {
    if (end.status === 'rejected') continue;
    for (const message of end.value) found.set(message.MessageId ?? '', message);
  }
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return found.size > before;
}

function deadLetterOf({ MessageId, Body, ReceiptHandle, MessageAttributes }: Message): DeadLetter {
  const reason = MessageAttributes?.[REASON]?.StringValue;
  return {
    id: MessageId ?? '',
    body: Body ?? '',
    ...(reason !== undefined && { reason }),
    receipt: ReceiptHandle ?? '',
  };
}
