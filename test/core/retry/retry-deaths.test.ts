import { afterEach, describe, expect, it } from 'vitest';
import { keyOf } from '../../../core/failures/failure-store.ts';
import { retryNow } from '../../../core/retry/claimed-retry.ts';
import { readDeadLetters } from '../../../core/retry/dead-letters.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import {
  asked,
  faults,
  ofRace,
  raceId,
  rowsOfRace,
  rule,
  sessionAfterRun,
  status,
} from '../../e2e/support/race-faults.ts';
import {
  CLAIM_MINUTES,
  COOL_DOWN_MINUTES,
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
const { wait, drain, waitAndDrain, deadLetters, redrive, failure } = queuePlay(() => session);

/** One more message about the first race. */
const sendCopy = () =>
  session.platform.failedItems.send([{ body: messageAbout({ item: raceId(session, 0) }), delayMs: 0 }]);
const attemptsAt = async (race: number) => ofRace(session, await session.attempts(), race);

describe('a delivery that dies on its way', () => {
  it('between the request and its publication is taken up without asking the site again', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^attempts\//, drain);
    await wait(CLAIM_MINUTES);
    expect(kindsOf(await drain())).toEqual(['recovered']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await attemptsAt(0)).toHaveLength(IN_A_RUN + 1);
  });

  it('between publication and acknowledgement comes again and changes nothing', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    const { acknowledge } = session.platform.failedItems;
    session.platform.failedItems.acknowledge = async () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    session.platform.failedItems.acknowledge = acknowledge.bind(session.platform.failedItems);
    const rows = await rowsOfRace(session, 0);
    await wait(CLAIM_MINUTES);
    expect(kindsOf(await drain())).toEqual(['closed']);
    expect(await rowsOfRace(session, 0)).toEqual(rows);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });

  it('behind its request is put on record by the next run, and recovers what it fetched where that one dies as well', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^attempts\//, drain);
    await wait(CLAIM_MINUTES);
    await killedBefore(session, /^failures#/, () => session.run({ targets: ['gb'] }));
    expect(kindsOf(await drain())).toEqual(['recovered']);
    expect(await rowsOfRace(session, 0)).toHaveLength(3);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await attemptsAt(0)).toHaveLength(IN_A_RUN + 1);
  });

  it('after a person asked for it leaves an item that is put back its own tries', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), IN_A_RUN + 4)));
    await waitAndDrain(3);
    const key = keyOf(await failure(0));
    await killedBefore(session, /^attempts\//, () => retryNow(session.platform, session.source, key));
    await wait(CLAIM_MINUTES);
    await redrive();
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 4]);
    expect(await failure(0)).toMatchObject({ state: 'queued', retry: { tries: 0 } });
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
  });

  it('between its last try and the alarm comes again, and the alarm is raised then', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500))));
    await waitAndDrain(2);
    await wait(COOL_DOWN_MINUTES);
    const { deadLetter } = session.platform.failedItems;
    session.platform.failedItems.deadLetter = async () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    session.platform.failedItems.deadLetter = deadLetter.bind(session.platform.failedItems);
    expect(await failure(0)).toMatchObject({ state: 'dead' });
    expect(await readDeadLetters(session.platform)).toMatchObject([{ status: 'dead', messages: [] }]);
    await wait(CLAIM_MINUTES);
    expect(kindsOf(await drain())).toEqual(['dead']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect(await deadLetters()).toMatchObject([{ reason: expect.stringMatching(/SERVER_ERROR/) }]);
  });

  it('before its request, and a newer run fails as well: the next one recovers the item under the old id', async () => {
    session = await sessionAfterRun(faults(rule(0, status(500), 2 * IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    const { fetcherFor } = session.platform;
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = fetcherFor;
    await wait(CLAIM_MINUTES);
    await session.run({ targets: ['gb'] });
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
    expect(await failure(0)).toMatchObject({ state: 'recovered' });
    expect(asked(session, 0)).toEqual([2 * IN_A_RUN + 1]);
  });

  it('leaves a copy that comes meanwhile waiting: an item is under way once', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    await sendCopy();
    const deliveries = await session.platform.failedItems.receive({ max: 2, visibilityMs: 15 * MINUTE });
    const answers = await Promise.all(deliveries.map((each) => handleFailedItem(session.platform, each)));
    expect(kindsOf(answers).sort()).toEqual(['not-yet', 'recovered']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });
});
