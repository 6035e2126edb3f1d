import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../core/failures/failure.ts';
import { FailureStore, keyOf } from '../../../core/failures/failure-store.ts';
import { sendLostAgain } from '../../../core/failures/queue-failures.ts';
import { asked, faults, rule, sessionAfterRun, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { COOL_DOWN_MINUTES, IN_A_RUN, kindsOf, queuePlay } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, failure } = queuePlay(() => session);

describe('a run with failures', () => {
  it('sends each one that may heal to the queue, due after the cool-down', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406)), rule(2, status(500))));
    expect(await depth()).toEqual({ due: 0, delayed: 2, inFlight: 0, dead: 0 });
    await wait(44);
    expect(await depth()).toMatchObject({ due: 0 });
    await wait(1);
    expect(await depth()).toMatchObject({ due: 2 });
    const [delivery] = await session.platform.failedItems.receive({ max: 1, visibilityMs: 1000 });
    expect(JSON.parse(delivery!.body)).toEqual({
      ...{ version: 2, source: 'racing', value: 'gb', date: DAY, item: expect.any(String) },
    });
  });

  it('waits as long as the site asked for with Retry-After', async () => {
    session = await sessionAfterRun(faults(rule(0, status(429, 3 * 3600))));
    await wait(170);
    expect(await depth()).toMatchObject({ due: 0, delayed: 1 });
    await wait(10);
    expect(await depth()).toMatchObject({ due: 1 });
  });

  it('sends nothing that another try would not heal: those stay open for a person', async () => {
    session = await sessionAfterRun(
      faults(rule(0, status(404)), rule(1, status(401)), rule(3, { kind: 'cloudflare-challenge' })),
    );
    expect((await session.failures()).map(({ code }) => code).sort()).toEqual([
      'AUTH_FAILED',
      'BLOCKED',
      'NOT_FOUND',
    ]);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('sends no second message for a failure that has one under way', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await session.run({ targets: ['gb'] });
    expect((await failure(0)).runs).toBe(2);
    expect(await depth()).toMatchObject({ delayed: 1, due: 0 });
  });

  it('sends it again where the same run is played again, and the copy changes nothing', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    const send = session.platform.failedItems.send.bind(session.platform.failedItems);
    let died = false;
    session.platform.failedItems.send = async (messages) => {
      await send(messages);
      if (died) return;
      died = true;
      throw new Error('killed');
    };
    await session.run({ targets: ['gb'] });
    expect(await depth()).toMatchObject({ delayed: 2 });
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered', 'closed']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });

  it.each([
    ['by the next run', () => session.run({ targets: ['fr'] })],
    ['by a worker', () => sendLostAgain(session.platform, 'racing')],
  ])(
    'that died before it sent the message of one is made up for %s, an hour after it was due',
    async (_, find) => {
      session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
      const { failedItems } = session.platform;
      const send = failedItems.send.bind(failedItems);
      failedItems.send = async () => {};
      await session.run({ targets: ['gb'] });
      failedItems.send = send;
      expect(await failure(0)).toMatchObject({ state: 'queued' });
      await wait(COOL_DOWN_MINUTES + 50);
      await find();
      expect(await depth()).toMatchObject({ due: 0, delayed: 0 });
      await wait(20);
      await find();
      await find();
      expect(await depth()).toMatchObject({ due: 1, delayed: 0 });
      expect(kindsOf(await drain())).toEqual(['recovered']);
      expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    },
  );

  it('whose messages the queue has given up on has them sent again, once an hour', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    const { failedItems } = session.platform;
    while ((await failedItems.receive({ max: 1, visibilityMs: 0 })).length > 0);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
    await wait(60);
    const lost = () => sendLostAgain(session.platform, 'racing');
    expect([await lost(), await lost()]).toEqual([1, 0]);
    await wait(61);
    expect(await lost()).toBe(1);
    expect(kindsOf(await drain())).toEqual(['recovered', 'closed']);
  });

  it('keeps what is tried at this moment out of that, and what a clock put far ahead in', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500)), rule(1, status(500))));
    const failures = new FailureStore(session.platform.state);
    const change = async (race: number, more: Partial<Failure>) =>
      failures.change(keyOf(await failure(race)), (before) => ({ ...before!, ...more }));
    await wait(COOL_DOWN_MINUTES + 61);
    const now = session.clock.now();
    await change(0, { claim: { runId: 'r', until: now + 1000, asked: false, takes: 1 } });
    const year = 365 * 86_400_000;
    await change(1, { retry: { sentAt: now + year, dueAt: now + year, tries: 0, deadAt: null } });
    expect(await sendLostAgain(session.platform, 'racing')).toBe(1);
    expect((await failure(1)).retry!.sentAt).toBeLessThan(now + year);
  });
});
