import { describe, expect, it } from 'vitest';
import { MAX_DELIVERIES } from '../../core/failures/retry-policy.ts';
import { currentRows } from '../e2e/support/lake-reading.ts';
import { asked, raceId, rule, status } from '../e2e/support/race-faults.ts';
import { COOL_DOWN_MINUTES, IN_A_RUN, MINUTE } from '../e2e/support/retry-play.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { CalledStages } from './called-stages.ts';

let session: Session;
const called = new CalledStages();
const call: CalledStages['call'] = (...given) => called.call(...given);

describe('retry-items', () => {
  const record = (
    message: { id: string; body: string; receipt: string },
    receives = 1,
    sentAt = session.clock.now(),
  ) => ({
    messageId: message.id,
    body: message.body,
    receiptHandle: message.receipt,
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:rescrape-dev-failed-items',
    attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: String(sentAt) },
  });
  const received = async () => {
    await session.clock.sleep(COOL_DOWN_MINUTES * MINUTE);
    return session.platform.failedItems.receive({ max: 10, visibilityMs: 30 * MINUTE });
  };

  it('reports the messages that stay in the queue and no other; a poison message takes no neighbour with it', async () => {
    session = await called.sessionWith(rule(0, status(500), IN_A_RUN), rule(1, status(500)));
    await session.run({ targets: ['gb'] });
    await session.platform.failedItems.send([{ body: 'poison', delayMs: 0 }]);
    const messages = await received();
    expect(messages).toHaveLength(3);
    const answer = await call('retry-items', { Records: messages.map((message) => record(message)) });
    const stays = messages.find(({ body }) => body.includes(raceId(session, 1)))!;
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: stays.id }] });
    expect(await session.platform.failedItems.depth()).toEqual({ due: 0, delayed: 1, inFlight: 0, dead: 1 });
    expect((await currentRows(session.directory)).get(`country=gb/date=${DAY}`)).toHaveLength(
      session.amount.rows - session.site.truth('gb', DAY)[1]!.runners.length,
    );
  });

  it('tells how old the oldest message of a batch is, however often it was received', async () => {
    session = await called.sessionWith(rule(0, status(500), IN_A_RUN), rule(1, status(500)));
    await session.run({ targets: ['gb'] });
    const messages = await received();
    const now = session.clock.now();
    const Records = messages.map((message, at) => record(message, 40, now - (at + 1) * 3_600_000));
    await call('retry-items', { Records });
    const told = called.lines.filter((line) => 'OldestMessage' in line);
    expect(told).toMatchObject([
      {
        stage: 'dev',
        queue: 'rescrape-dev-failed-items',
        _aws: {
          CloudWatchMetrics: [
            {
              Namespace: 'Rescrape',
              Dimensions: [['stage', 'queue']],
              Metrics: [{ Name: 'OldestMessage', Unit: 'Seconds' }],
            },
          ],
        },
      },
    ]);
    const seconds = Number(told[0]!.OldestMessage);
    expect(seconds).toBeGreaterThanOrEqual(messages.length * 3600);
    expect(seconds).toBeLessThan(messages.length * 3600 + 60);
  });

  it('answers, and does not throw, where every message stays', async () => {
    session = await called.sessionWith(rule(0, status(500)));
    await session.run({ targets: ['gb'] });
    const messages = await received();
    const answer = await call('retry-items', { Records: messages.map((message) => record(message)) });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: messages[0]!.id }] });
  });

  it('asks the site for nothing when there is no time left', async () => {
    session = await called.sessionWith(rule(0, status(500), IN_A_RUN));
    await session.run({ targets: ['gb'] });
    const messages = await received();
    const answer = await call('retry-items', { Records: messages.map((each) => record(each)) }, 10_000);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: messages[0]!.id }] });
    expect(asked(session, 0)).toEqual([IN_A_RUN]);
  });

  describe('at the last delivery', () => {
    /** What one delivery leaves behind of a race that failed in a run, and fails whenever it is asked for. */
    async function left(receives: number, remainingMs?: number) {
      session = await called.sessionWith(rule(0, status(500)));
      await session.run({ targets: ['gb'] });
      const [message] = await received();
      const event = { Records: [record(message!, receives)] };
      const answer = await call('retry-items', event, remainingMs);
      const { failedItems } = session.platform;
      const deadLetters = await Array.fromAsync(failedItems.deadLetters());
      const [failure] = await session.failures();
      return { id: message!.id, answer, failure: failure!, deadLetters, depth: await failedItems.depth() };
    }
    const reason = `it was delivered ${MAX_DELIVERIES} times without coming to an end`;

    it.each([
      ['failed once more', undefined, 5],
      ['was not tried for want of time', 10_000, 4],
    ])(
      'moves to the dead letters, with its reason, a message whose item %s, and its failure is dead',
      async (_, ms, requests) => {
        const { answer, failure, deadLetters, depth } = await left(MAX_DELIVERIES, ms);
        expect(asked(session, 0)).toEqual([requests]);
        expect(answer).toEqual({ batchItemFailures: [] });
        expect(deadLetters).toMatchObject([{ reason, body: expect.stringContaining(raceId(session, 0)) }]);
        expect(depth).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
        expect(failure).toMatchObject({ state: 'dead', retry: { deadAt: expect.any(Number) } });
        expect(failure.transitions.at(-1)).toMatchObject({ state: 'dead', why: reason });
      },
    );

    it('has not come one delivery before: the message stays, and its failure is queued', async () => {
      const { id, answer, failure, deadLetters } = await left(MAX_DELIVERIES - 1);
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: id }] });
      expect(deadLetters).toEqual([]);
      expect(failure.state).toBe('queued');
    });
  });

  it('refuses an event that is none of SQS', async () => {
    session = await called.sessionWith();
    await expect(call('retry-items', { records: [] })).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringContaining('Records: '),
    });
  });
});
