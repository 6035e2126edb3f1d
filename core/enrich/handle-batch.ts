import type { ReceivedMessage } from '../ports/work-queue.ts';
import type { EntityKey } from './entity.ts';

/** What became of a message, and what its caller does with it. */
export type MessageAnswer =
  /** Done with: acknowledge it. */
  | { readonly kind: 'inserted' | 'updated' | 'unchanged' | 'older'; readonly entity: EntityKey }
  /** Kept until what it refers to is there: acknowledge it, and warn. */
  | { readonly kind: 'parked'; readonly entity: EntityKey; readonly missing: readonly EntityKey[] }
  /** On record as a dead letter: move the message to the dead-letter queue with `reason`. */
  | { readonly kind: 'dead'; readonly reason: string }
  /** The store refused it: leave it, it comes again. */
  | { readonly kind: 'retry'; readonly reason: string };

/**
 * Handles messages of one queue to their end: decodes, enriches, stores, and sends what waited for them; an
 * answer for each, in their order. Any number of workers may do so at once, and a message that comes again
 * changes nothing. Throws a StorageError where a store cannot do its work: nothing is to be acknowledged
 * then.
 */
export type HandleBatch = (
  kind: string,
  deliveries: readonly ReceivedMessage[],
) => Promise<readonly MessageAnswer[]>;
