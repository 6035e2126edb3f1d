import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import { aboutOf, type DeadMessage, declareDead } from './declare-dead.ts';
import { CountsOfShard } from './enrichment-stats.ts';
import type { EntityKey } from './entity.ts';
import type { StoredAs } from './fold.ts';
import { settleForwarded } from './forwarded-messages.ts';
import { decodeMessage, type IncomingMessage } from './message.ts';
import { parkedRecord, unparkWrites } from './parked-records.ts';
import { persist } from './persist.ts';
import { type BatchContext, type EnrichmentStores, enricherOf } from './stores.ts';
import { takeUp } from './take-up.ts';
import { type ValidRecord, validate } from './valid-record.ts';

/** What became of a message, and what its caller does with it. */
export type MessageAnswer =
  /** Done with: acknowledge it. */
  | { readonly kind: StoredAs; readonly entity: EntityKey }
  /** Kept until what it refers to is there: acknowledge it, and warn. */
  | { readonly kind: 'parked'; readonly entity: EntityKey; readonly missing: readonly EntityKey[] }
  /** On record as a dead letter: move the message to the dead-letter queue with `reason`. */
  | { readonly kind: 'dead'; readonly errors: readonly string[]; readonly reason: string }
  /** The store refused this one alone: leave it, it comes again. */
  | { readonly kind: 'retry'; readonly reason: string };

/** A message and the kind whose queue it came from. */
export interface KindDelivery {
  readonly kind: string;
  readonly delivery: Pick<ReceivedMessage, 'id' | 'body' | 'deliveries'>;
}

/**
 * Handles messages to their end: decodes, enriches, stores, and sends what waited for them; an answer for
 * each, in their order. Any number of workers may do so at once, each with a handler of its own, and a
 * message that comes again changes nothing. Throws a StorageError where a store cannot do its work: nothing
 * is to be acknowledged then. Messages that come again after that are stored one by one, so that one that the
 * store refuses takes none of its neighbours with it.
 */
export type HandleBatch = (deliveries: readonly KindDelivery[]) => Promise<readonly MessageAnswer[]>;

export function batchHandler(stores: EnrichmentStores): HandleBatch {
  return batchHandlers(stores, 1)[0]!;
}

/** Handlers for batches side by side, each with counts of its own; 16 at most. */
export function batchHandlers(stores: EnrichmentStores, length: number): HandleBatch[] {
  const id = stores.newId();
  return Array.from({ length }, (_, nth) => {
    const shard = new CountsOfShard(stores.state, id, nth);
    return (deliveries) => handleBatch({ ...bound(stores), counts: shard.newBatch() }, deliveries);
  });
}

async function handleBatch(
  context: BatchContext,
  deliveries: readonly KindDelivery[],
): Promise<readonly MessageAnswer[]> {
  const answers = new Map<KindDelivery, MessageAnswer>();
  const valid = new Map<ValidRecord, KindDelivery>();
  const messages = new Map<KindDelivery, IncomingMessage>();
  for (const one of deliveries) {
    const read = readDelivery(context, one);
    if (read.kind === 'valid') valid.set(read.record, one);
    else answers.set(one, await die(context, read));
    const message = read.kind === 'valid' ? read.record.message : read.message;
    if (message) messages.set(one, message);
  }
  const records = [...valid.keys()];
  const isRepeated = [...valid.values()].every(({ delivery }) => delivery.deliveries > 1);
  for (const [record, answer] of await store(context, records, isRepeated))
    answers.set(valid.get(record)!, answer);
  await takeUp(context, [...answers.values()].flatMap(storedEntity));
  const handled = [...messages].filter(([one]) => answers.get(one)?.kind !== 'retry');
  await settleForwarded(
    context.state,
    handled.map(([, message]) => message),
  );
  return deliveries.map((one) => answers.get(one)!);
}

type ReadDelivery =
  | { readonly kind: 'valid'; readonly record: ValidRecord }
  | { readonly kind: 'dead'; readonly dead: DeadMessage; readonly message: IncomingMessage | undefined };

function readDelivery(context: BatchContext, { kind, delivery }: KindDelivery): ReadDelivery {
  const now = context.clock.now();
  const enricher = enricherOf(context, kind);
  const decoded = decodeMessage(kind, delivery, now);
  const { id: deliveryId, body } = delivery;
  if (decoded.kind === 'poison') {
    const errors = [decoded.reason];
    const dead = {
      kind,
      id: deliveryId,
      deliveryId,
      body,
      errors,
      reason: 'poison',
      about: undefined,
    } as const;
    return { kind: 'dead', dead, message: undefined };
  }
  const { message } = decoded;
  const validated = validate(enricher, message, now);
  if (validated.kind === 'valid') return validated;
  const { errors } = validated;
  const about = aboutOf(enricher, message);
  const dead = { kind, id: message.id, deliveryId, body, errors, reason: 'invalid', about } as const;
  return { kind: 'dead', dead, message };
}

async function die(
  context: BatchContext,
  { dead, message }: Extract<ReadDelivery, { kind: 'dead' }>,
): Promise<MessageAnswer> {
  const { about, errors } = dead;
  const unpark = async (): Promise<StateWrite[]> => {
    const parked = message?.parked && about ? await parkedRecord(context.state, about) : undefined;
    return parked?.message.id === message?.id && parked ? unparkWrites(parked) : [];
  };
  await declareDead(context, dead, 'a worker', { processed: 1, failed: 1 }, unpark);
  return { kind: 'dead', errors, reason: errors.join('; ') };
}

async function store(
  context: BatchContext,
  records: readonly ValidRecord[],
  isRepeated: boolean,
): Promise<Map<ValidRecord, MessageAnswer>> {
  try {
    const persisted = await persist(context, records);
    return new Map(records.map((record, at) => [record, { ...persisted[at]!, entity: keyOf(record) }]));
  } catch (error) {
    if (!(error instanceof StorageError) || !isRepeated || records.length < 2) throw error;
    return storeOneByOne(context, records, error);
  }
}

/** Throws what the store said of all where it refuses each of them: that is no fault of theirs. */
async function storeOneByOne(
  context: BatchContext,
  records: readonly ValidRecord[],
  ofAll: StorageError,
): Promise<Map<ValidRecord, MessageAnswer>> {
  const answers = new Map<ValidRecord, MessageAnswer>();
  for (const record of records) {
    try {
      const [persisted] = await persist(context, [record]);
      answers.set(record, { ...persisted!, entity: keyOf(record) });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      answers.set(record, { kind: 'retry', reason: error.message });
    }
  }
  if ([...answers.values()].every(({ kind }) => kind === 'retry')) throw ofAll;
  return answers;
}

function storedEntity(answer: MessageAnswer): EntityKey[] {
  return 'entity' in answer && answer.kind !== 'parked' ? [answer.entity] : [];
}

function keyOf({ kind, key }: ValidRecord): EntityKey {
  return { kind, key };
}

/** A platform may be an object of a class: its methods keep their `this`. */
function bound(stores: EnrichmentStores): EnrichmentStores {
  const { state, clock, enrichers } = stores;
  return {
    state,
    clock,
    enrichers,
    enrichmentQueue: (kind) => stores.enrichmentQueue(kind),
    newId: () => stores.newId(),
  };
}
