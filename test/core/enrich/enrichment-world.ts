import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { batchHandler, type HandleBatch, type MessageAnswer } from '../../../core/enrich/handle-batch.ts';
import type { EnrichmentStores } from '../../../core/enrich/stores.ts';
import type { ReceivedMessage } from '../../../core/ports/work-queue.ts';
import { feedback } from '../../../sources/tutoring/enrichers/feedback.ts';
import { session } from '../../../sources/tutoring/enrichers/session.ts';
import { student } from '../../../sources/tutoring/enrichers/student.ts';
import { tutor } from '../../../sources/tutoring/enrichers/tutor.ts';
import { QueueModel } from '../../e2e/support/queue-model.ts';

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

  async send(...messages: readonly ReturnType<typeof messageOf>[]): Promise<void> {
    for (const message of messages)
      await this.queue(message.kind).send([{ body: JSON.stringify(message), delayMs: 0 }]);
  }

  /** Handles these messages as one batch, whatever their kinds. */
  batch(...messages: readonly ReturnType<typeof messageOf>[]): Promise<readonly MessageAnswer[]> {
    return batchHandler(this.stores)(
      messages.map((message, at) => ({
        kind: message.kind,
        delivery: { id: `delivery-${at}`, body: JSON.stringify(message), deliveries: 1 },
      })),
    );
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
