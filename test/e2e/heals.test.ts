import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reparse } from '../../core/run/reparse.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { racing } from '../../sources/racing/source.ts';
import { factsIn } from './support/lake-reading.ts';
import { asked, faults, rule, sessionWith, status } from './support/race-faults.ts';
import { requestRecord } from './support/request-record.ts';
import { COOL_DOWN_MINUTES, drainAsWorker, IN_A_RUN, queuePlay } from './support/retry-play.ts';
import { Session } from './support/session.ts';
import { amountOf, DAY } from './support/small-site.ts';

/** The requests of a run, and three more that the queue makes. */
const BY_ITSELF = IN_A_RUN + 3;

let whole: Record<string, object[]>;
beforeAll(async () => {
  const honest = await Session.start();
  await honest.run();
  whole = await factsIn(honest.directory);
  await honest.close();
});

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, redrive } = queuePlay(() => session, drainAsWorker);

describe('a site that answers 406 to the first requests of chosen pages', () => {
  it.each([1, 3, 4, 5, 6])('%i times: the lake heals by itself', async (times) => {
    session = await sessionWith(faults(rule(0, status(406), times), rule(2, status(406), times)));
    await session.run();
    await waitAndDrain(3);
    expect(await factsIn(session.directory)).toEqual(whole);
    expect(asked(session, 0, 2)).toEqual([times + 1, times + 1]);
    await nothingIsLeft();
    await everyRequestIsOnRecord();
  });

  it.each([7, 9])(
    '%i times: it waits among the dead letters, and heals when they are put back',
    async (times) => {
      session = await sessionWith(faults(rule(1, status(406), times)));
      await session.run();
      await waitAndDrain(4);
      expect(asked(session, 1)).toEqual([BY_ITSELF]);
      expect(await states()).toEqual(['dead']);
      await redrive();
      await waitAndDrain(3);
      expect(await factsIn(session.directory)).toEqual(whole);
      expect(asked(session, 1)).toEqual([times + 1]);
      await nothingIsLeft();
      await everyRequestIsOnRecord();
    },
  );

  it('for ever: seven requests and a dead letter, and the rows that were there before stay', async () => {
    session = await sessionWith(NO_FAULTS);
    await session.run();
    session.site.setFaults(faults(rule(0, status(406))));
    await session.run();
    await waitAndDrain(5);
    expect(asked(session, 0)).toEqual([1 + BY_ITSELF]);
    expect(await factsIn(session.directory)).toEqual(whole);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
    await everyRequestIsOnRecord();
  });

  it('asks nothing more of pages that another try would not heal', async () => {
    session = await sessionWith(faults(rule(0, status(404)), rule(1, status(401)), rule(2, status(406), 5)));
    await session.run({ targets: ['gb'] });
    await waitAndDrain(3);
    expect(asked(session, 0, 1, 2)).toEqual([1, 1, 6]);
    expect((await states()).toSorted()).toEqual(['open', 'open', 'recovered']);
    await everyRequestIsOnRecord();
  });

  it('asks nothing more of them in the pass over a day of which nothing was published', async () => {
    const failing = [0, 1, 3].map((race) => rule(race, status(500), IN_A_RUN));
    session = await sessionWith(faults(...failing, rule(2, status(404))));
    await session.run({ targets: ['gb'] });
    await waitAndDrain(3);
    expect(asked(session, 2)).toEqual([1]);
    expect((await states()).toSorted()).toEqual(['open', 'recovered', 'recovered', 'recovered']);
  });
});

describe('a parser that is mended between two runs', () => {
  it('reads the captures of the pages that it could not read; the messages about them then ask for nothing', async () => {
    session = await sessionWith(NO_FAULTS, {
      sources: [{ ...racing, parse: () => ({ kind: 'rejected', code: 'HTML_CHANGED', message: 'gone' }) }],
    });
    const countries = ['gb', 'ire', 'fr'] as const;
    const delayed = countries.reduce((sum, each) => sum + amountOf(session.site, each).races, 0);
    await session.run();
    expect(await depth()).toMatchObject({ delayed });
    const requests = session.site.requests.length;
    const mended = session.open();
    for await (const { result } of reparse(mended, mended.sources[0]!, { start: DAY, end: DAY }))
      expect(result).toMatchObject({ status: 'committed' });
    await wait(COOL_DOWN_MINUTES);
    await drainAsWorker(mended);
    await mended.close();
    expect(session.site.requests).toHaveLength(requests);
    expect(await factsIn(session.directory)).toEqual(whole);
    await nothingIsLeft();
  });
});

describe('two drains at once', () => {
  it('bring each item once, and leave nothing', async () => {
    session = await sessionWith(faults(...[0, 1, 2].map((race) => rule(race, status(406), 5))));
    await session.run();
    const other = session.open();
    for (let n = 0; n < 3; n++) {
      await wait(COOL_DOWN_MINUTES);
      await Promise.all([drain(), drainAsWorker(other)]);
    }
    await other.close();
    expect(asked(session, 0, 1, 2)).toEqual([6, 6, 6]);
    expect(await factsIn(session.directory)).toEqual(whole);
    await nothingIsLeft();
    await everyRequestIsOnRecord();
  });
});

async function states(): Promise<string[]> {
  return (await session.failures()).map(({ state }) => state);
}

async function nothingIsLeft(): Promise<void> {
  expect(new Set(await states()).difference(new Set(['recovered']))).toEqual(new Set());
  expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
}

async function everyRequestIsOnRecord(): Promise<void> {
  const { asked: site, onRecord } = await requestRecord(session.directory, session.site.requests);
  expect(onRecord).toEqual(site);
}
