import { describe, expect, it } from 'vitest';
import { EntityStore } from '../../core/enrich/entity-store.ts';
import { encodeMessage } from '../../core/enrich/message.ts';
import { parkedRecord } from '../../core/enrich/parked-records.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { session as sessionRecord, student, tutor } from '../cli/support/records.ts';
import type { Session } from '../e2e/support/session.ts';
import { TODAY } from '../e2e/support/test-time.ts';
import { CalledStages } from './called-stages.ts';

const called = new CalledStages();
const ARN = 'arn:aws:sqs:eu-west-1:000000000000:rescrape-dev-enrich-';
const MINUTE = 60_000;

/** Sends the records, receives them as Lambda does, and calls the function. */
async function enriched(session: Session, kind: string, bodies: readonly string[], arn = `${ARN}${kind}`) {
  const queue = session.platform.enrichmentQueue(kind);
  await queue.send(bodies.map((body) => ({ body, delayMs: 0 })));
  const messages = await queue.receive({ max: 10, visibilityMs: MINUTE });
  const answer = await called.call('enrich-records', {
    Records: messages.map(({ id, body, receipt }) => ({
      messageId: id,
      body,
      receiptHandle: receipt,
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: '0' },
      eventSourceARN: arn,
    })),
  });
  return { queue, messages, answer };
}

function messageOf(session: Session, kind: string, record: unknown): string {
  const { clock, newId } = session.platform;
  const said = { id: newId(), source: 'test', feed: 'pushed', date: TODAY, sentAt: clock.now() };
  return encodeMessage({ ...said, kind, record, origin: null, parked: false });
}

describe('enrich-records', () => {
  it('stores a batch, and moves what is poison or invalid to the dead letters: nothing comes again', async () => {
    const session = await called.sessionWith();
    const bodies = [
      messageOf(session, 'tutor', tutor('t-1')),
      'poison',
      messageOf(session, 'tutor', tutor('t-2', { name: null })),
    ];
    const { queue, answer } = await enriched(session, 'tutor', bodies);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(await new EntityStore(session.platform.state).get({ kind: 'tutor', key: 't-1' })).toBeDefined();
    const dead = await Array.fromAsync(queue.deadLetters());
    expect(dead.map(({ body }) => body).toSorted()).toEqual(bodies.slice(1).toSorted());
  });

  it('parks what lacks a parent, and sends it again when that is there', async () => {
    const session = await called.sessionWith();
    const sessions = await enriched(session, 'session', [
      messageOf(session, 'session', sessionRecord('s-1')),
    ]);
    expect(sessions.answer).toEqual({ batchItemFailures: [] });
    await sessions.queue.acknowledge(sessions.messages);
    const { state } = session.platform;
    expect(await parkedRecord(state, { kind: 'session', key: 's-1' })).toBeDefined();
    await enriched(session, 'tutor', [messageOf(session, 'tutor', tutor('t-1'))]);
    await enriched(session, 'student', [messageOf(session, 'student', student('u-1'))]);
    expect((await sessions.queue.depth()).due).toBeGreaterThan(0);
    await enriched(session, 'session', []);
    expect(await new EntityStore(state).get({ kind: 'session', key: 's-1' })).toBeDefined();
    expect(await parkedRecord(state, { kind: 'session', key: 's-1' })).toBeUndefined();
  });

  it('throws where the store cannot do its work: the whole batch comes again', async () => {
    const session = await called.sessionWith();
    const body = messageOf(session, 'tutor', tutor('t-1'));
    const { transact } = session.platform.state;
    session.platform.state.transact = async () => {
      throw new StorageError('the table is away for a moment');
    };
    await expect(enriched(session, 'tutor', [body])).rejects.toMatchObject({
      message: expect.stringContaining('the table is away'),
    });
    session.platform.state.transact = transact.bind(session.platform.state);
    expect(await session.platform.enrichmentQueue('tutor').depth()).toMatchObject({ inFlight: 1, dead: 0 });
  });

  it.each([`${ARN}nothing`, 'arn:aws:sqs:eu-west-1:000000000000:another', ''])(
    'refuses a batch of a queue of no kind: %s',
    async (arn) => {
      const session = await called.sessionWith();
      await expect(enriched(session, 'tutor', ['poison'], arn)).rejects.toMatchObject({ name: 'BadInput' });
    },
  );
});
