import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../core/failures/failure.ts';
import { queueAsked } from '../../../core/failures/queue-failures.ts';
import { MAX_RETRIES } from '../../../core/failures/retry-policy.ts';
import { readDeadLetters } from '../../../core/retry/dead-letters.ts';
import { followFailures } from '../../../core/retry/follow-failures.ts';
import type { FaultRule } from '../../../demo/faults.ts';
import { asked, faults, flag, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  CLAIM_MINUTES,
  drainAsWorker,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  MINUTE,
  messageAbout,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, failure } = queuePlay(() => session, drainAsWorker);

async function failedRun(...rules: FaultRule[]): Promise<Failure[]> {
  session = await sessionWith(faults(...rules));
  await session.run({ targets: ['gb'] });
  return session.failures();
}

const state = async (race: number) => (await failure(race)).state;

describe('a person who asks the queue for a try', () => {
  it('need not wait for the cool-down, nor for an outcome that heals', async () => {
    const failures = await failedRun(rule(0, status(500), IN_A_RUN), rule(1, status(404), 1));
    await queueAsked(session.platform, failures);
    expect(kindsOf(await drain())).toEqual(['recovered', 'recovered']);
    expect(asked(session, 0, 1)).toEqual([IN_A_RUN + 1, 2]);
  });

  it('has the site asked once, however often the message comes', async () => {
    const failures = await failedRun(rule(0, status(404)));
    await queueAsked(session.platform, failures);
    await queueAsked(session.platform, failures);
    const [copy] = await session.platform.failedItems.receive({ max: 1, visibilityMs: 1000 });
    await session.platform.failedItems.send([{ body: copy!.body, delayMs: 0 }]);
    await drain();
    await wait(1);
    await drain();
    expect(asked(session, 0)).toEqual([2]);
    expect(await state(0)).toBe('open');
  });

  it('uses up none of the tries that it has by itself', async () => {
    const failures = await failedRun(rule(0, status(500)));
    await queueAsked(session.platform, failures);
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    expect(await session.failures()).toMatchObject([{ state: 'queued', retry: { tries: 0 } }]);
    await waitAndDrain(MAX_RETRIES);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1 + MAX_RETRIES]);
    expect(await state(0)).toBe('dead');
    expect(await depth()).toMatchObject({ due: 0, delayed: 0, inFlight: 0 });
    expect(await readDeadLetters(session.platform)).toMatchObject([{ status: 'dead' }]);
  });

  it('leaves a dead one dead, with one message among the dead letters, where it fails again', async () => {
    await failedRun(rule(0, status(500)));
    await waitAndDrain(MAX_RETRIES);
    await queueAsked(session.platform, await session.failures());
    expect(await drain()).toMatchObject([
      { kind: 'needs-a-person', why: expect.stringContaining('SERVER_ERROR') },
    ]);
    expect(await state(0)).toBe('dead');
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });
});

describe('a request for a try', () => {
  it('is one try: what fails again in it waits for its cool-down like any other', async () => {
    const failures = await failedRun(rule(0, status(500)));
    await queueAsked(session.platform, failures);
    expect(await failure(0)).toMatchObject({ askedAt: expect.any(Number) });
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    expect((await failure(0)).askedAt).toBeUndefined();
    await session.platform.failedItems.send([
      { body: messageAbout({ item: failures[0]!.item }), delayMs: 0 },
    ]);
    expect(kindsOf(await drain())).toEqual(['not-yet']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });

  it('is not made of what was tried since the person looked, nor of what is closed', async () => {
    const seen = await failedRun(rule(0, status(500)), rule(1, status(500), IN_A_RUN));
    await session.run({ targets: ['gb'] });
    expect(await queueAsked(session.platform, seen)).toEqual([]);
    expect(kindsOf(await drain())).toEqual([]);
  });

  it('is over where its target is flagged: it does not come back when the flag is lifted', async () => {
    const failures = await failedRun(rule(0, status(404)));
    await queueAsked(session.platform, failures);
    await flag(session, 'gb', 'under repair');
    expect(kindsOf(await drain())).toEqual(['needs-a-person']);
    expect((await failure(0)).askedAt).toBeUndefined();
  });

  it('is made where a worker died that was to carry it out, without a second request', async () => {
    const failures = await failedRun(rule(0, status(404), 1));
    await queueAsked(session.platform, failures);
    await killedBefore(session, /^attempts\//, drain);
    await wait(CLAIM_MINUTES);
    expect(kindsOf(await drain())).toEqual(['recovered']);
    expect(asked(session, 0)).toEqual([2]);
  });
});

describe('who follows what was asked for', () => {
  const follow = (failures: readonly Failure[]) =>
    Array.fromAsync(
      followFailures(session.platform, failures, {
        signal: new AbortController().signal,
        patienceMs: MINUTE,
      }),
    );

  it('is told how each of them stands once it was tried', async () => {
    const failures = await failedRun(rule(0, status(500), IN_A_RUN), rule(1, status(500)));
    await queueAsked(session.platform, failures);
    await drain();
    const ends = await follow(failures);
    expect(ends.map(({ state }) => state).toSorted()).toEqual(['queued', 'recovered']);
  });

  it('gives up where nobody works the queue', async () => {
    const failures = await failedRun(rule(0, status(500)));
    await queueAsked(session.platform, failures);
    expect(await follow(failures)).toEqual([]);
  });
});
