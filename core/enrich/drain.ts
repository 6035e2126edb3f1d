import type { ReceivedMessage } from '../ports/work-queue.ts';
import { batchHandler, type HandleBatch, type MessageAnswer } from './handle-batch.ts';
import type { EnrichmentStores } from './stores.ts';

/** Messages that are handled together. */
const MESSAGES_A_BATCH = 10;
/**
 * Batches of one kind before the next one's: enough that of records sent together the parents are there
 * first, and few enough that a queue that is never empty holds up no other.
 */
const BATCHES_IN_A_ROW = 100;
/** Milliseconds after which the messages of a worker that died come to another one. */
const HIDDEN_MS = 60_000;
/** Milliseconds before a message that the store did not take comes again: for the first time, and at most. */
const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 900_000;

/** What became of one message of a batch. */
export interface HandledMessage {
  readonly delivery: ReceivedMessage;
  readonly answer: MessageAnswer;
}

/** Messages of one kind that were handled together. */
export interface HandledBatch {
  readonly kind: string;
  /** `untaken`: the store did not do its work, and nothing was acknowledged. */
  readonly messages: readonly HandledMessage[] | 'untaken';
  /** How many there are. */
  readonly size: number;
}

export interface DrainEnrichmentOptions {
  /** Asked before each batch: somebody wants this to end. */
  readonly mustStop: () => boolean;
  /**
   * Told of each batch when it is done with. A process that is to hear of anything else meanwhile, as of a
   * signal, has to wait here: local stores answer at once, and never let go of it.
   */
  readonly onBatch: (batch: HandledBatch) => void | Promise<void>;
}

/**
 * Works the enrichment queues until nothing is due in any of them, one after the other in the order of the
 * list, so that parents come before their children. Any number of processes may do so at once. Throws the
 * StorageError of a store that cannot do its work; the messages in hand then come again.
 */
export async function drainEnrichment(
  stores: EnrichmentStores,
  { mustStop, onBatch }: DrainEnrichmentOptions,
): Promise<void> {
  const handle = batchHandler(stores);
  for (let wasDue = true; wasDue; ) {
    wasDue = false;
    for (const { kind } of stores.enrichers) {
      for (let batches = 0; batches < BATCHES_IN_A_ROW && !mustStop(); batches++) {
        const batch = await handleNext(stores, handle, kind, onBatch);
        if (!batch) break;
        await onBatch(batch);
        wasDue = true;
      }
    }
  }
}

/** Undefined where nothing is due. */
async function handleNext(
  stores: EnrichmentStores,
  handle: HandleBatch,
  kind: string,
  onBatch: DrainEnrichmentOptions['onBatch'],
): Promise<HandledBatch | undefined> {
  const queue = stores.enrichmentQueue(kind);
  const deliveries = await queue.receive({ max: MESSAGES_A_BATCH, visibilityMs: HIDDEN_MS });
  if (deliveries.length === 0) return undefined;
  try {
    return { kind, messages: await handleOfKind(stores, handle, kind, deliveries), size: deliveries.length };
  } catch (error) {
    await onBatch({ kind, messages: 'untaken', size: deliveries.length });
    // What cannot be released comes by itself, later.
    for (const delivery of deliveries) await queue.release(delivery, delayMs(delivery)).catch(() => {});
    throw error;
  }
}

async function handleOfKind(
  stores: EnrichmentStores,
  handle: HandleBatch,
  kind: string,
  deliveries: readonly ReceivedMessage[],
): Promise<HandledMessage[]> {
  const answers = await handle(deliveries.map((delivery) => ({ kind, delivery })));
  const messages = deliveries.map((delivery, at) => ({ delivery, answer: answers[at]! }));
  await settle(stores, kind, messages);
  return messages;
}

async function settle(
  { enrichmentQueue }: EnrichmentStores,
  kind: string,
  messages: readonly HandledMessage[],
): Promise<void> {
  const queue = enrichmentQueue(kind);
  const done: ReceivedMessage[] = [];
  for (const { delivery, answer } of messages) {
    if (answer.kind === 'dead') await queue.deadLetter(delivery, answer.reason);
    else if (answer.kind === 'retry') await queue.release(delivery, delayMs(delivery));
    else done.push(delivery);
  }
  await queue.acknowledge(done);
}

/** Twice as long each time. */
function delayMs({ deliveries }: ReceivedMessage): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(deliveries - 1, 20));
}
