import { afterEach, describe, expect, it } from 'vitest';
import { readDeadLetters } from '../../../core/retry/dead-letters.ts';
import {
  asked,
  faults,
  flag,
  raceId,
  rowsOfRace,
  rule,
  sessionAfterRun,
  status,
} from '../../e2e/support/race-faults.ts';
import { IN_A_RUN, kindsOf, messageAbout, queuePlay } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const { drain, waitAndDrain, depth, deadLetters, moveBack, redrive, failure } = queuePlay(() => session);

describe('an item that fails at every retry', () => {
  it('tries three times with the cool-down between, then it is a dead letter with its reason', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    expect(kindsOf(await waitAndDrain(4))).toEqual(['failed-again', 'failed-again', 'dead']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect((await deadLetters()).map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^3 retries failed, the last with SERVER_ERROR HTTP 500/),
    ]);
    expect(await failure(0)).toMatchObject({ state: 'dead', attempts: IN_A_RUN + 3, retry: { tries: 3 } });
    expect((await failure(0)).retry!.deadAt).not.toBeNull();
  });

  it('is dead once: a copy of the message that died asks the site for nothing', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    const copy = messageAbout({ item: raceId(session, 0) });
    await waitAndDrain(3);
    await session.platform.failedItems.send([{ body: copy, delayMs: 0 }]);
    expect(await drain()).toMatchObject([
      { kind: 'dead', reason: expect.stringMatching(/^3 retries failed/) },
    ]);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    const dead = await readDeadLetters(session.platform);
    expect(dead.map(({ id, status }) => [id, status])).toEqual([
      [`racing/gb/${DAY}/${raceId(session, 0)}`, 'dead'],
    ]);
    expect((await failure(0)).transitions.filter(({ state }) => state === 'dead')).toHaveLength(1);
  });

  it('stays dead, with one message in the dead-letter queue, when the next run meets the same', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(3);
    await session.run({ targets: ['gb'] });
    expect(await failure(0)).toMatchObject({ state: 'dead', runs: 5, counts: { SERVER_ERROR: 11 } });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });

  it('tells who changed its state, and when', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), IN_A_RUN + 3)));
    await waitAndDrain(3);
    await redrive();
    await drain();
    const { transitions, firstRunId } = await failure(0);
    expect(transitions.map(({ state }) => state)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
    expect(transitions.slice(0, 2).map(({ by }) => by)).toEqual([firstRunId, firstRunId]);
    const times = transitions.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('has all its tries before it when a person puts the dead letter back', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), IN_A_RUN + 3 + 2)));
    await waitAndDrain(3);
    await redrive();
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    expect(kindsOf(await waitAndDrain(2))).toEqual(['failed-again', 'recovered']);
    expect(await rowsOfRace(session, 0)).toHaveLength(3);
  });

  it('stays dead and visible where its message is moved back beside us: the alarm comes back, the site is not asked', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(3);
    await moveBack();
    expect(kindsOf(await drain())).toEqual(['dead']);
    expect(await failure(0)).toMatchObject({ state: 'dead' });
    expect(await deadLetters()).toHaveLength(1);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
  });

  it('stays visible where it is put back and its target is flagged: it is open, for a person', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(3);
    await redrive();
    await flag(session, 'gb', 'under repair');
    expect(kindsOf(await drain())).toEqual(['needs-a-person']);
    expect(await failure(0)).toMatchObject({ state: 'open' });
    expect(await deadLetters()).toEqual([]);
  });
});
