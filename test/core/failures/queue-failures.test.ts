import { afterEach, describe, expect, it } from 'vitest';
import { asked, faults, rule, sessionAfterRun, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { IN_A_RUN, kindsOf, queuePlay } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const { wait, waitAndDrain, depth, failure } = queuePlay(() => session);

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
      ...{ version: 1, source: 'racing', target: 'gb', value: 'gb', date: DAY },
      ...{ item: expect.any(String), url: expect.stringContaining(session.site.url) },
      ...{
        runId: expect.any(String),
        notBefore: expect.any(Number),
        sentAt: expect.any(Number),
        redrives: 0,
      },
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

  it('sends it again where the note that it went was lost, and the copy changes nothing', async () => {
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
});
