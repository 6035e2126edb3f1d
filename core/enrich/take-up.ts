import type { StateStore } from '../ports/state-store.ts';
import type { OutgoingMessage } from '../ports/work-queue.ts';
import { dependentsOf } from './dependents.ts';
import { type Entity, type EntityKey, entityName } from './entity.ts';
import { EntityStore } from './entity-store.ts';
import { encodeMessage, type IncomingMessage } from './message.ts';
import {
  markSentOn,
  messageOfParked,
  parkedRecord,
  type WaitingRecord,
  waitingFor,
} from './parked-records.ts';
import type { EnrichmentStores } from './stores.ts';
import { fingerprintOf } from './valid-record.ts';

type Stores = Pick<EnrichmentStores, 'state' | 'clock' | 'enrichers' | 'enrichmentQueue'>;

/** Messages that are sent together, and marked in one transaction. */
const TOGETHER = 100;

/**
 * Sends the messages of what waits for these entities, which are there now, and of what was derived from
 * another state of them. To be done before their messages are acknowledged: what dies in between sends them
 * when it is played again, and one sent twice changes nothing. Returns how many were sent.
 */
export async function takeUp(stores: Stores, entities: readonly EntityKey[]): Promise<number> {
  const { enrichers, state, clock } = stores;
  const references = enrichers.flatMap((enricher) => enricher.references);
  const referred = new Set(references.map(({ kind }) => kind));
  const read = new Set(references.filter(({ reads }) => reads).map(({ kind }) => kind));
  const distinct = new Map(entities.map((entity) => [entityName(entity), entity]));
  const outgoing = new Outgoing(stores);
  for (const entity of distinct.values()) {
    if (referred.has(entity.kind))
      for await (const waiting of waitingFor(state, entity, clock.now()))
        await outgoing.add(messageOfParked(waiting.parked), waiting);
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

interface Sent {
  readonly message: OutgoingMessage;
  /** Where it is that of a parked record. */
  readonly waiting: WaitingRecord | undefined;
}

/** Messages on their way, some of each kind at once: a popular parent may have thousands waiting. */
class Outgoing {
  readonly #stores: Stores;
  #kept = new Map<string, Sent[]>();
  #sent = 0;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  async add(message: IncomingMessage, waiting?: WaitingRecord): Promise<void> {
    const kept = this.#kept.get(message.kind) ?? [];
    kept.push({ message: outgoingOf(message), waiting });
    this.#kept.set(message.kind, kept);
    if (kept.length >= TOGETHER) await this.flush();
  }

  /** Returns how many were sent in all. */
  async flush(): Promise<number> {
    const { state, clock } = this.#stores;
    for (const [kind, kept] of this.#kept) {
      await this.#stores.enrichmentQueue(kind).send(kept.map(({ message }) => message));
      this.#sent += kept.length;
      // Only then: what dies in between sends them once more.
      const waiting = kept.flatMap((sent) => sent.waiting ?? []);
      await markSentOn(state, waiting, clock.now());
    }
    this.#kept.clear();
    return this.#sent;
  }
}
