import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { type EnrichmentCounts, readCounts } from '../../../core/enrich/enrichment-stats.ts';
import type { Entity } from '../../../core/enrich/entity.ts';
import { changesOf, type EntityChange } from '../../../core/enrich/entity-changes.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { batchHandler, type HandleBatch, type MessageAnswer } from '../../../core/enrich/handle-batch.ts';
import { type ParkedRecord, parkedRecordsOf } from '../../../core/enrich/parked-records.ts';
import type { EnrichmentStores } from '../../../core/enrich/stores.ts';
import type { StateStore, StateWrite } from '../../../core/ports/state-store.ts';
import type { ReceivedMessage } from '../../../core/ports/work-queue.ts';
import { feedback } from '../../../sources/tutoring/enrichers/feedback.ts';
import { session } from '../../../sources/tutoring/enrichers/session.ts';
import { student } from '../../../sources/tutoring/enrichers/student.ts';
import { tutor } from '../../../sources/tutoring/enrichers/tutor.ts';
import { QueueModel } from '../../e2e/support/queue-model.ts';
import { over } from '../../e2e/support/watched-stores.ts';

const STARTS_AT = Date.parse('2025-11-22T12:00:00Z');
export const DAY_MS = 86_400_000;
const HIDDEN_MS = 60_000;

export const tutorRecord = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  tutor_id: id,
  name: `Tutor ${id}`,
  email: `${id}@tutors.example`,
  onboarding_date: '2025-01-01',
  status: 'active',
  subjects: ['maths'],
  ...more,
});
export const studentRecord = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  student_id: id,
  name: `Student ${id}`,
  ...more,
});
export const sessionRecord = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  session_id: id,
  tutor_id: 't1',
  student_id: 's1',
  scheduled_start: '2025-11-20T10:00:00Z',
  duration_minutes: 60,
  subject: 'maths',
  ...more,
});
export const feedbackRecord = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  feedback_id: id,
  session_id: 'x1',
  student_id: 's1',
  tutor_id: 't1',
  overall_rating: 4,
  submitted_at: '2025-11-21T10:00:00Z',
  ...more,
});

/** A message about a record, with an id of its own. */
export function messageOf(
  id: string,
  kind: string,
  record: unknown,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    schema_version: 1,
    id,
    kind,
    source: 'test',
    date: '2025-11-22',
    sent_at: '2025-11-22T10:00:00Z',
    record,
    ...more,
  };
}

type Message = ReturnType<typeof messageOf>;

/** A tutor, a student, their session and feedback about it. */
export const T1 = messageOf('m-t1', 'tutor', tutorRecord('t1'));
export const S1 = messageOf('m-s1', 'student', studentRecord('s1'));
export const X1 = messageOf('m-x1', 'session', sessionRecord('x1'));
export const F1 = messageOf('m-f1', 'feedback', feedbackRecord('f1'));

/** Messages as a queue hands them over for the first time. */
export function deliveriesOf(...messages: readonly Message[]) {
  return messages.map((message, at) => ({
    kind: message.kind,
    delivery: { id: `delivery-${at}`, body: JSON.stringify(message), deliveries: 1 },
  }));
}

/** A store and queues with nothing in them, and time that passes when it is told to. */
export class EnrichmentWorld {
  readonly #directory = mkdtempSync(join(tmpdir(), 'rescrape-enrich-'));
  readonly state = openSqliteStateStore(join(this.#directory, 'state.sqlite'));
  now = STARTS_AT;
  readonly clock = { now: () => this.now, sleep: async () => {} };
  readonly queues: ReadonlyMap<string, QueueModel>;
  readonly stores: EnrichmentStores;
  #ids = 0;

  constructor(maxDeliveries = 1_000) {
    const enrichers = [tutor, student, session, feedback];
    this.queues = new Map(enrichers.map(({ kind }) => [kind, new QueueModel(this.clock, maxDeliveries)]));
    this.stores = {
      state: this.state,
      clock: this.clock,
      enrichers,
      enrichmentQueue: (kind) => this.queue(kind),
      newId: () => `018f-${(++this.#ids).toString(16)}`,
    };
  }

  queue(kind: string): QueueModel {
    return this.queues.get(kind)!;
  }

  async send(...messages: readonly Message[]): Promise<void> {
    for (const message of messages)
      await this.queue(message.kind).send([{ body: JSON.stringify(message), delayMs: 0 }]);
  }

  /** Handles these messages as one batch, whatever their kinds. */
  batch(...messages: readonly Message[]): Promise<readonly MessageAnswer[]> {
    return batchHandler(this.stores)(deliveriesOf(...messages));
  }

  /** The stores, with somebody at work before each write of the state. */
  disturbed(before: (writes: readonly StateWrite[]) => unknown): EnrichmentStores {
    const { state } = this;
    const slow = over<StateStore>(state, {
      write: async (writes) => {
        await before(writes);
        return state.write(writes);
      },
      transact: async (writes) => {
        await before(writes);
        return state.transact(writes);
      },
    });
    return { ...this.stores, state: slow };
  }

  entity(kind: string, key: string): Promise<Entity | undefined> {
    return new EntityStore(this.state).get({ kind, key });
  }

  /** Parked sessions, then parked feedback. */
  async parked(): Promise<ParkedRecord[]> {
    const ofKind = (kind: string) => Array.fromAsync(parkedRecordsOf(this.state, kind));
    return [...(await ofKind('session')), ...(await ofKind('feedback'))];
  }

  /** Names of what is kept of parked records; none is left once all of them are stored. */
  async waitingNames(): Promise<string[]> {
    return [...(await documentsOf(this.state)).keys()].filter((name) => /^(parked|waiting)/.test(name));
  }

  async counts(kind: string): Promise<EnrichmentCounts | undefined> {
    return (await readCounts(this.state)).find((day) => day.kind === kind)?.counts;
  }

  changes(kind: string, date: string): Promise<EntityChange[]> {
    return Array.fromAsync(changesOf(this.state, { kind, feed: 'test', date: civilDate(date) }));
  }

  /** One worker until nothing is due. */
  async drain(stores: EnrichmentStores = this.stores): Promise<MessageAnswer[]> {
    const handle = batchHandler(stores);
    const answers: MessageAnswer[] = [];
    for (let isIdle = false; !isIdle; ) {
      isIdle = true;
      for (const kind of this.queues.keys()) {
        const handled = await workOnce(stores, handle, kind);
        answers.push(...handled);
        if (handled.length > 0) isIdle = false;
      }
    }
    return answers;
  }

  close(): void {
    this.state.close();
    rmSync(this.#directory, { recursive: true });
  }
}

/** One batch of one queue, as a worker does it. */
export async function workOnce(
  stores: EnrichmentStores,
  handle: HandleBatch,
  kind: string,
  max = 10,
): Promise<readonly MessageAnswer[]> {
  const queue = stores.enrichmentQueue(kind);
  const received = await queue.receive({ max, visibilityMs: HIDDEN_MS });
  if (received.length === 0) return [];
  const answers = await handle(received.map((delivery) => ({ kind, delivery })));
  for (const [at, answer] of answers.entries()) {
    const message: ReceivedMessage = received[at]!;
    if (answer.kind === 'dead') await queue.deadLetter(message, answer.reason);
    else if (answer.kind !== 'retry') await queue.acknowledge([message]);
  }
  return answers;
}

/** All documents of a store by their names. */
export async function documentsOf(state: EnrichmentStores['state']): Promise<Map<string, unknown>> {
  const documents = new Map<string, unknown>();
  for await (const { partition, sort } of state.scan())
    documents.set(`${partition}/${sort}`, (await state.get(partition, sort))?.value);
  return documents;
}
