import { afterEach, describe, expect, it } from 'vitest';
import { publish } from '../../../core/publish/publish.ts';
import { planRedrive, readDeadLetters, redrive } from '../../../core/retry/dead-letters.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { asked, faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  CLAIM_MINUTES,
  COOL_DOWN_MINUTES,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session, SessionOptions } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, deadLetters, failure } = queuePlay(() => session);

const INDEX = `/results/${DAY}`;
const indexAsked = () => session.site.requests.filter(({ path }) => path === INDEX).length;
const races = () => session.site.truth('gb', DAY).map((_, nth) => nth);
const indexFails = (code: number): FaultPlan => ({
  ...NO_FAULTS,
  rules: [{ where: { path: INDEX }, fault: status(code) }],
});

/** A day of which no item ever came; each fails `times` times, or for ever. */
async function dayWithout(options: SessionOptions = {}, times?: number): Promise<void> {
  session = await sessionWith(NO_FAULTS, options);
  session.site.setFaults(faults(...races().map((race) => rule(race, status(500), times))));
  await session.run({ targets: ['gb'] });
}

describe('a day of which nothing was published, and whose every item fails for ever', () => {
  it.each([
    ['few', 0.35],
    ['many', 3.4],
  ])(
    'costs three requests an item by itself, then each is dead, with one alarm: %s items',
    async (_, racesPerDay) => {
      await dayWithout({ site: { racesPerDay } });
      const count = races().length;
      const before = indexAsked();
      await waitAndDrain(12);
      expect(asked(session, ...races())).toEqual(Array(count).fill(IN_A_RUN + 3));
      expect(indexAsked() - before).toBeLessThanOrEqual(3);
      const failures = await session.failures();
      expect(failures.map(({ state }) => state)).toEqual(Array(count).fill('dead'));
      const dead = await deadLetters();
      expect(dead.map(({ body }) => JSON.parse(body).item).sort()).toEqual(
        failures.map(({ item }) => item).sort(),
      );
      for (const { reason } of dead) expect(reason).toMatch(/^3 retries failed, the last with SERVER_ERROR/);
      expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: count });
    },
  );

  it('is asked for once a pass, although its worker died behind the requests and another takes it up', async () => {
    await dayWithout();
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^captures\//, drain);
    const claimed = (await session.failures()).find(({ claim }) => claim !== null)!;
    await wait(CLAIM_MINUTES);
    await drain();
    for (const race of races()) {
      // The pass of another message leaves out what is claimed: the site is asked for that one once.
      const passes = raceId(session, race) === claimed.item ? 1 : 2;
      expect(asked(session, race)).toEqual([IN_A_RUN + passes]);
    }
    const rows = (await session.attempts()).filter(({ run_id }) => run_id === claimed.claim!.runId);
    const pages = rows.map(({ item_id }) => item_id).filter((item) => item !== 'robots.txt');
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages).toHaveLength(1 + races().length);
  });

  it('leaves each item the time that the site asked for', async () => {
    await dayWithout({}, IN_A_RUN);
    session.site.setFaults(faults(...races().map((race) => rule(race, status(429, 6 * 3600)))));
    await waitAndDrain();
    const once = Array(races().length).fill(IN_A_RUN + 1);
    expect(asked(session, ...races())).toEqual(once);
    for (let hour = 1; hour < 6; hour++) {
      await wait(60);
      await drain();
    }
    expect(asked(session, ...races())).toEqual(once);
    await wait(60);
    await drain();
    expect(asked(session, ...races())).toEqual(once.map((times) => times + 1));
  });

  it('leaves out of its pass an item that is not due for hours', async () => {
    session = await sessionWith(NO_FAULTS);
    const [first, ...others] = races();
    session.site.setFaults(
      faults(rule(first!, status(429, 6 * 3600)), ...others.map((race) => rule(race, status(500), IN_A_RUN))),
    );
    await session.run({ targets: ['gb'] });
    await waitAndDrain();
    expect(asked(session, first!)).toEqual([IN_A_RUN]);
    expect(await failure(others[0]!)).toMatchObject({ state: 'recovered' });
    expect(await failure(first!)).toMatchObject({ state: 'queued' });
  });

  it('leaves out of its pass what is dead: only what was put back is asked for', async () => {
    await dayWithout();
    await waitAndDrain(12);
    const entries = await readDeadLetters(session.platform);
    const chosen = entries.filter(({ key }) => key?.item === raceId(session, 0));
    await redrive(session.platform, planRedrive(session.platform, chosen), 'ada');
    expect(kindsOf(await drain())).toEqual(['failed-again']);
    const [first, ...others] = asked(session, ...races());
    expect([first, new Set(others)]).toEqual([IN_A_RUN + 4, new Set([IN_A_RUN + 3])]);
  });

  it('does not ask for an index that waits for a person', async () => {
    await dayWithout();
    session.site.setFaults(indexFails(401));
    await session.run({ targets: ['gb'] });
    const before = indexAsked();
    await waitAndDrain(4);
    expect(indexAsked()).toBe(before);
    const index = (await session.failures()).find(({ item }) => item === 'index');
    expect(index).toMatchObject({ state: 'open', code: 'AUTH_FAILED' });
  });
});

describe('a listed item that nobody came to ask for', () => {
  it('is a failure once the run gives up, and is tried again by itself', async () => {
    session = await sessionWith(NO_FAULTS, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    const work = await session.planned('gb');
    const at = session.writes.length;
    // The store is out of reach once the first two pages are in.
    await killedBefore(session, new RegExp(`item-${raceId(session, 2)}`), () =>
      scrape(session.platform, work),
    );
    expect(session.writes.slice(at).some((name) => name.includes(`item-${raceId(session, 1)}`))).toBe(true);
    await recordFailures(session.platform, work);
    await publish(session.platform, work);
    const unasked = (await session.failures()).map(({ item, state, message }) => ({ item, state, message }));
    expect(unasked.map(({ item }) => item)).toContain(raceId(session, 2));
    for (const each of unasked)
      expect(each).toMatchObject({ state: 'queued', message: 'it was not asked for before the run gave up' });
    expect(kindsOf(await waitAndDrain())).toEqual(unasked.map(() => 'recovered'));
  });

  it('is none behind a flag: it was left alone on purpose', async () => {
    session = await sessionWith(faults(rule(0, { kind: 'cloudflare-challenge' })), {
      env: { RESCRAPE_RACING_CONCURRENCY: '1' },
    });
    const work = await session.planned('gb');
    await killedBefore(session, /^captures\//, () => scrape(session.platform, work));
    await recordFailures(session.platform, work);
    expect((await session.failures()).map(({ item }) => item)).toEqual([raceId(session, 0)]);
  });
});
