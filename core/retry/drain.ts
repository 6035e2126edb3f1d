import { CLAIM_MS } from '../failures/failure.ts';
import { decodeFailedItem } from '../failures/message.ts';
import { partitionName } from '../lake/layout.ts';
import type { Platform } from '../platform.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import { askingTogether } from './ask-together.ts';
import type { RetryAnswer } from './claimed-retry.ts';
import { handleFailedItem } from './handle-message.ts';

/**
 * Items under way at once. Their requests are spaced by the rate limiter all the same; others publish
 * meanwhile.
 */
export const ITEMS_AT_ONCE = 4;

export interface DrainOptions {
  /** Asked before each message is received: somebody wants this to end. */
  readonly mustStop: () => boolean;
  /** Told of each message when it is done with. */
  readonly onHandled: (message: ReceivedMessage, answer: RetryAnswer) => void;
}

/**
 * Works the failed-items queue until nothing is due. Any number of processes may do so at once. Trouble of
 * ours (a store out of reach) with one message takes none of its neighbours with it: it is thrown when all
 * that was under way has ended, and its message comes again.
 */
export async function drain(platform: Platform, { mustStop, onHandled }: DrainOptions): Promise<void> {
  const queues = new PartitionQueues();
  const together = askingTogether(platform);
  const work = async (): Promise<void> => {
    while (!mustStop()) {
      const [message] = await platform.failedItems.receive({ max: 1, visibilityMs: CLAIM_MS });
      if (!message) return;
      const answer = await queues.take(partitionOf(message), () =>
        handleFailedItem(together, message, mustStop),
      );
      onHandled(message, answer);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: ITEMS_AT_ONCE }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function partitionOf({ id, body }: ReceivedMessage): string {
  const decoded = decodeFailedItem(body);
  if (decoded.kind === 'poison') return id;
  return partitionName(decoded.key.source, decoded.key.partition);
}

/**
 * One item of a partition after the other: where nothing was published yet, the first one's pass brings the
 * others too.
 */
class PartitionQueues {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(partition: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(partition) ?? Promise.resolve();
    const own = before.then(work, work);
    this.#last.set(partition, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(partition) === own) this.#last.delete(partition);
    }
  }
}
