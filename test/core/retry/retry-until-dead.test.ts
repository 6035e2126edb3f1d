import { afterEach, describe, expect, it } from 'vitest';
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

let session: Session;
afterEach(() => session.close());
const { drain, waitAndDrain, depth, letters, putLettersBack, failure } = queuePlay(() => session);

describe('an item that fails at every retry', () => {
  it('tries three times with the cool-down between, then it is a dead letter with its reason', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    expect(kindsOf(await waitAndDrain(4))).toEqual(['failed-again', 'failed-again', 'dead']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect((await letters()).map(({ reason }) => reason)).toEqual([
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
      { kind: 'closed', why: expect.stringMatching(/^its tries are used up/) },
    ]);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect(await letters()).toHaveLength(1);
  });

  it('stays dead, with one letter, when the next run meets the same', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(3);
    await session.run({ targets: ['gb'] });
    expect(await failure(0)).toMatchObject({ state: 'dead', runs: 5, counts: { SERVER_ERROR: 11 } });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });

  it('tells who changed its state, and when', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), IN_A_RUN + 3)));
    await waitAndDrain(3);
    await putLettersBack();
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
    await putLettersBack();
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    expect(kindsOf(await waitAndDrain(2))).toEqual(['failed-again', 'recovered']);
    expect(await rowsOfRace(session, 0)).toHaveLength(3);
  });

  it('stays visible where its letter comes back and its target is flagged: it is open, for a person', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(3);
    await flag(session, 'gb', 'under repair');
    await putLettersBack();
    expect(kindsOf(await drain())).toEqual(['needs-a-person']);
    expect(await failure(0)).toMatchObject({ state: 'open' });
    expect(await letters()).toEqual([]);
  });
});
