import type { FailureKey } from '../failures/failure-store.ts';
import { decodeFailedItem } from '../failures/message.ts';
import { MAX_DELIVERIES } from '../failures/retry-policy.ts';
import type { Platform } from '../platform.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import { declareDead, type RetryAnswer, retryItem } from './claimed-retry.ts';

/** True where the message is still in the queue. */
export function staysQueued(answer: RetryAnswer): boolean {
  return answer.kind === 'failed-again' || (answer.kind === 'not-yet' && answer.isSentAnew !== true);
}

/**
 * Handles one delivery of the failed-items queue to its end: decodes it, tries the item, and acknowledges the
 * message, releases it, or moves it to the dead letters, where it raises the alarm and nobody acts upon it.
 * Whatever is thrown is trouble of ours (a store out of reach): the message then stays as it is and comes
 * again.
 */
export async function handleFailedItem(
  platform: Platform,
  delivery: ReceivedMessage,
  mustStop = () => false,
): Promise<RetryAnswer> {
  const { failedItems } = platform;
  const decoded = decodeFailedItem(delivery.body);
  if (decoded.kind === 'poison') {
    await failedItems.deadLetter(delivery, decoded.reason);
    return decoded;
  }
  const { key } = decoded;
  const tried = await retryItem(platform, key, mustStop);
  const answer = staysQueued(tried) ? await lastDelivery(platform, key, delivery, tried) : tried;
  switch (answer.kind) {
    case 'recovered':
    case 'closed':
    case 'needs-a-person':
      await failedItems.acknowledge([delivery]);
      break;
    case 'not-yet':
      if (answer.isSentAnew) {
        // In this order: what dies in between leaves two messages, and never none.
        await failedItems.send([{ body: delivery.body, delayMs: answer.delayMs }]);
        await failedItems.acknowledge([delivery]);
      } else await failedItems.release(delivery, answer.delayMs);
      break;
    case 'failed-again':
      await failedItems.release(delivery, answer.delayMs);
      break;
    case 'dead':
    case 'poison':
      await failedItems.deadLetter(delivery, answer.reason);
      break;
  }
  return answer;
}

/** The queue is about to give up on the message: its failure must not look queued for ever. */
async function lastDelivery(
  platform: Platform,
  key: FailureKey,
  { deliveries }: ReceivedMessage,
  answer: RetryAnswer,
): Promise<RetryAnswer> {
  if (deliveries < MAX_DELIVERIES) return answer;
  const why = `it was delivered ${deliveries} times without coming to an end`;
  return declareDead(platform, key, { by: 'the queue', why });
}
