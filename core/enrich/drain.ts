import type { ReceivedMessage, WorkQueue } from '../ports/work-queue.ts';
import { batchHandlers, type HandleBatch, type MessageAnswer } from './handle-batch.ts';
import type { EnrichmentStores } from './stores.ts';

/** Messages that are handled together. */
const MESSAGES_A_BATCH = 10;
/** Milliseconds after which the messages of a worker that died come to another one. */
const HIDDEN_MS = 60_000;
/** Milliseconds before a message that the store did not take comes again: for the first time, and at most. */
const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 900_000;

/** Batches side by side: a local store commits them together, and to flush takes longest. */
const BATCHES_AT_ONCE = 16;

type Batch = readonly ReceivedMessage[];

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
  /** Asked before batches are received: somebody wants this to end. */
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
  options: DrainEnrichmentOptions,
): Promise<void> {
  const handlers = batchHandlers(stores, BATCHES_AT_ONCE);
  for (let wasDue = true; wasDue; ) {
    wasDue = false;
    for (const { kind } of stores.enrichers) {
      if (await workKind(stores, handlers, kind, options)) wasDue = true;
    }
  }
}

/**
 * Works what is due in one queue now, and no more than that, so that one that is never empty holds up no
 * other. False where nothing is.
 */
async function workKind(
  stores: EnrichmentStores,
  handlers: readonly HandleBatch[],
  kind: string,
  options: DrainEnrichmentOptions,
): Promise<boolean> {
  let due: number | undefined;
  for (let done = 0; due === undefined || done < due; ) {
    const batches = options.mustStop() ? [] : await receive(stores.enrichmentQueue(kind));
    const size = batches.reduce((sum, { length }) => sum + length, 0);
    if (size === 0) break;
    due ??= size + (await stores.enrichmentQueue(kind).depth()).due;
    await handleAll(stores, handlers, kind, batches, options);
    done += size;
  }
  return due !== undefined;
}

/** The next batches of a queue, none where nothing is due. */
async function receive(queue: WorkQueue): Promise<Batch[]> {
  const next = () => queue.receive({ max: MESSAGES_A_BATCH, visibilityMs: HIDDEN_MS });
  const first = await next();
  if (first.length === 0) return [];
  if (first.length < MESSAGES_A_BATCH) return [first];
  const others = await Promise.all(Array.from({ length: BATCHES_AT_ONCE - 1 }, next));
  return [first, ...others.filter(({ length }) => length > 0)];
}

/** Side by side: each is stored, and may fail, by itself. */
async function handleAll(
  stores: EnrichmentStores,
  handlers: readonly HandleBatch[],
  kind: string,
  batches: readonly Batch[],
  { onBatch }: DrainEnrichmentOptions,
): Promise<void> {
  const results = await Promise.allSettled(
    batches.map((batch, at) => handleOfKind(stores, handlers[at]!, kind, batch)),
  );
  for (const [at, result] of results.entries()) {
    const { length: size } = batches[at]!;
    await onBatch({ kind, messages: result.status === 'fulfilled' ? result.value : 'untaken', size });
  }
  const queue = stores.enrichmentQueue(kind);
  const failed = results.flatMap((result, at) => {
    return result.status === 'fulfilled' ? [] : [{ batch: batches[at]!, error: result.reason as unknown }];
  });
  // What cannot be released comes by itself, later.
  for (const { batch } of failed)
    for (const delivery of batch) await queue.release(delivery, delayMs(delivery)).catch(() => {});
  if (failed[0]) throw failed[0].error;
}

async function handleOfKind(
  stores: EnrichmentStores,
  handle: HandleBatch,
  kind: string,
  deliveries: Batch,
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
