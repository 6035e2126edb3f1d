import type { StateStore } from '../ports/state-store.ts';
import type { OutgoingMessage, WorkQueue } from '../ports/work-queue.ts';
import { dependentsOf } from './dependents.ts';
import { type Entity, type EntityKey, entityName } from './entity.ts';
import { EntityStore } from './entity-store.ts';
import { encodeMessage, type IncomingMessage } from './message.ts';
import { messageOfParked, parkedRecord, waitingFor } from './parked-records.ts';
import type { EnrichmentStores } from './stores.ts';
import { fingerprintOf } from './valid-record.ts';

type Stores = Pick<EnrichmentStores, 'state' | 'enrichers' | 'enrichmentQueue'>;

/** Messages that are sent together. */
const TOGETHER = 100;

/**
 * Sends the messages of what waits for these entities, which are there now, and of what was derived from
 * another state of them. To be done before their messages are acknowledged: what dies in between sends them
 * when it is played again, and one sent twice changes nothing. Returns how many were sent.
 */
export async function takeUp(stores: Stores, entities: readonly EntityKey[]): Promise<number> {
  const { enrichers, state } = stores;
  const references = enrichers.flatMap((enricher) => enricher.references);
  const referred = new Set(references.map(({ kind }) => kind));
  const read = new Set(references.filter(({ reads }) => reads).map(({ kind }) => kind));
  const distinct = new Map(entities.map((entity) => [entityName(entity), entity]));
  const outgoing = new Outgoing(stores.enrichmentQueue.bind(stores));
  for (const entity of distinct.values()) {
    if (referred.has(entity.kind))
      for await (const waiting of waitingFor(state, entity)) {
        const parked = await parkedRecord(state, waiting);
        if (parked) await outgoing.add(messageOfParked(parked));
      }
    if (read.has(entity.kind)) await sendDependents(state, entity, outgoing);
  }
  return outgoing.flush();
}

/** Sends the message of a parked record again, whatever is there; false where there is none. */
export async function retryParked(stores: Stores, entity: EntityKey): Promise<boolean> {
  const parked = await parkedRecord(stores.state, entity);
  if (!parked) return false;
  await stores.enrichmentQueue(parked.kind).send([outgoingOf(messageOfParked(parked))]);
  return true;
}

async function sendDependents(state: StateStore, parent: EntityKey, outgoing: Outgoing): Promise<void> {
  const entities = new EntityStore(state);
  let now: string | undefined;
  for await (const dependent of dependentsOf(state, parent)) {
    if (now === undefined) {
      const stored = await entities.get(parent);
      // Deleted meanwhile: what was derived from it stays.
      if (!stored) return;
      now = fingerprintOf(JSON.stringify(stored.record));
    }
    if (dependent.fingerprint === now) continue;
    const child = await entities.get(dependent);
    if (child) await outgoing.add(messageOfEntity(child));
  }
}

/** The message of an entity, to be sent again. */
function messageOfEntity({ kind, feed, order, snapshotDate, record, message }: Entity): IncomingMessage {
  const { source, origin } = message;
  const { id, sentAt } = order;
  return { id, kind, source, feed, date: snapshotDate, sentAt, record, origin, parked: true };
}

function outgoingOf(message: IncomingMessage): OutgoingMessage {
  return { body: encodeMessage(message), delayMs: 0 };
}

/** Messages on their way, some of each kind at once: a popular parent may have thousands waiting. */
class Outgoing {
  readonly #queueOf: (kind: string) => WorkQueue;
  #waiting = new Map<string, OutgoingMessage[]>();
  #sent = 0;

  constructor(queueOf: (kind: string) => WorkQueue) {
    this.#queueOf = queueOf;
  }

  async add(message: IncomingMessage): Promise<void> {
    const waiting = this.#waiting.get(message.kind) ?? [];
    waiting.push(outgoingOf(message));
    this.#waiting.set(message.kind, waiting);
    if (waiting.length >= TOGETHER) await this.flush();
  }

  /** Returns how many were sent in all. */
  async flush(): Promise<number> {
    for (const [kind, messages] of this.#waiting) {
      await this.#queueOf(kind).send(messages);
      this.#sent += messages.length;
    }
    this.#waiting.clear();
    return this.#sent;
  }
}
