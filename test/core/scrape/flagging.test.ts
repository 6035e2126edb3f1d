import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { makePlan } from '../../../core/run/make-plan.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import { flagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { asked, faults, ofRace, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { amountOf, DAY } from '../../e2e/support/small-site.ts';

const WALL_AT_ONCE = faults(rule(0, { kind: 'cloudflare-challenge' }));

let session: Session;
afterEach(() => session.close());

describe('a security wall', () => {
  const WALL = faults(rule(1, { kind: 'cloudflare-challenge' }));

  it('flags the target at once: the remaining items are not asked for, and the next plan skips it', async () => {
    session = await sessionWith(WALL, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    const ofIreland = amountOf(session.site, 'ire').races;
    const { end, waits } = await session.run({ targets: ['gb', 'ire'] });
    expect(waits).toEqual([]);
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 0, 0]);
    expect((await session.target('gb')).skip).toMatchObject({
      reason: 'security_block_one_attempt',
      actor: 'rescrape',
    });
    expect(
      end.summary.partitions.map(({ name, result }) => [name, result === 'broken' ? result : result.stats]),
    ).toMatchObject([
      [`racing/gb/${DAY}`, { expected: session.amount.races, found: 1, failed: session.amount.races - 1 }],
      [`racing/ire/${DAY}`, { expected: ofIreland, found: ofIreland, failed: 0 }],
    ]);

    const before = session.site.requests.length;
    const input = { source: 'racing', start: DAY, end: DAY, targets: ['gb', 'ire'], force: false };
    const next = await makePlan(session.platform, input);
    expect(next.work).toEqual([{ value: 'ire', date: DAY }]);
    expect(next.skipped).toMatchObject([{ target: 'gb', reason: 'security_block_one_attempt' }]);
    const again = await session.run({ targets: ['gb', 'ire'] });
    expect(again.end.summary.skipped).toMatchObject([{ target: 'gb' }]);
    expect(session.site.requests.slice(before).some(({ path }) => path.includes(raceId(session, 0)))).toBe(
      false,
    );
  });

  it('is kept with its evidence: kind, rule, status and page', async () => {
    session = await sessionWith(WALL);
    await session.run({ targets: ['gb'] });
    expect(ofRace(session, await session.attempts(), 1)).toMatchObject([
      {
        status: 'blocked',
        error_code: 'BLOCKED',
        block_type: 'cloudflare',
        rule: expect.stringMatching(/^cloudflare\//),
        http_status_code: 403,
        capture: expect.stringContaining('.warc.gz#'),
      },
    ]);
  });

  it('behind status 200 is a wall all the same', async () => {
    session = await sessionWith(faults(rule(0, { kind: 'incapsula-wall' })));
    await session.run({ targets: ['gb'] });
    const [row] = ofRace(session, await session.attempts(), 0);
    expect(row).toMatchObject({ status: 'blocked', error_code: 'BLOCKED', http_status_code: 200 });
    expect((await session.target('gb')).skip).not.toBeNull();
  });

  it('before the index flags the target too, and the partition keeps what it has', async () => {
    session = await sessionWith(NO_FAULTS);
    await session.run({ targets: ['gb'] });
    session.site.setFaults(
      faults({ where: { path: `/results/${DAY}` }, fault: { kind: 'cloudflare-challenge' } }),
    );
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.summary.partitions[0]!.result).toMatchObject({ status: 'failed', rows: session.amount.rows });
    expect((await session.target('gb')).skip).not.toBeNull();
    expect(asked(session, 0)).toEqual([1]);
  });

  it('that was met before a crash still shuts the door to the rest of the pages after it', async () => {
    session = await sessionWith(WALL, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    session.onWrite = ({ name }) => {
      if (name === 'targets/racing#gb') throw new Error('the process died here');
    };
    const work = await session.planned('gb');
    await expect(scrape(session.platform, work)).rejects.toThrow('the process died here');
    session.onWrite = () => {};
    await scrape(session.platform, work);
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 0, 0]);
  });
});

describe('pages that are not there', () => {
  const one = { env: { RESCRAPE_RACING_CONCURRENCY: '1' }, site: { racesPerDay: 0.6 } };

  const dead = [0, 1, 2, 3];

  it('are not retried, and four dead items of one list flag nothing', async () => {
    session = await sessionWith(faults(...dead.map((race) => rule(race, status(404)))), one);
    const { waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual([]);
    expect(asked(session, ...dead, 4)).toEqual([1, 1, 1, 1, 1]);
    expect((await session.target('gb')).skip).toBeNull();
  });

  it('flag the target where it is so on four days in a row', async () => {
    session = await sessionWith(NO_FAULTS, one);
    const races = Array.from({ length: session.amount.races }, (_, race) => rule(race, status(404)));
    session.site.setFaults(faults(...races));
    const flags: (string | undefined)[] = [];
    for (let day = 0; day < 4; day++) {
      await session.run({ targets: ['gb'] });
      flags.push((await session.target('gb')).skip?.reason);
      await session.clock.sleep(24 * 3_600_000);
    }
    expect(flags).toEqual([undefined, undefined, undefined, 'auto_flag_4_not_found']);
  });

  it('flag the target at once where they are four of its indexes', async () => {
    const days = dead.map((ago) => ({ path: `/results/${addDays(DAY, -ago)}` }));
    session = await sessionWith(faults(...days.map((where) => ({ where, fault: status(404) }))), one);
    await session.run({ targets: ['gb'], start: addDays(DAY, -4), end: DAY });
    expect((await session.target('gb')).skip).toMatchObject({ reason: 'auto_flag_4_not_found' });
  });

  it('flag nothing when a page that is there comes between them', async () => {
    session = await sessionWith(faults(...[0, 1, 2, 4, 5].map((race) => rule(race, status(404)))), one);
    await session.run({ targets: ['gb'] });
    expect(asked(session, 0, 1, 2, 3, 4, 5)).toEqual([1, 1, 1, 1, 1, 1]);
    expect((await session.target('gb')).skip).toBeNull();
  });

  it('are counted on after an interruption, and no more than once that day', async () => {
    session = await sessionWith(faults(...dead.map((race) => rule(race, status(404)))), one);
    const by = { actor: 'anna', at: session.clock.now() };
    const yesterday = { consecutiveNotFound: 2, lastNotFoundAt: by.at - 24 * 3_600_000 };
    const store = new TargetStore(session.platform.state);
    await store.update('racing', 'gb', (record) => ({ ...record, ...yesterday }), by);
    const work = await session.planned('gb');
    let tries = 0;
    expect(await scrape(session.platform, work, () => ++tries > 2)).toEqual({ done: false });
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect(asked(session, ...dead, 4)).toEqual([1, 1, 1, 1, 1]);
    const { skip } = await session.target('gb');
    expect(skip).toBeNull();
  });
});

describe('a flag of a daily source that has expired', () => {
  const HOUR = 3_600_000;
  const week = { source: 'racing', start: addDays(DAY, -6), end: DAY, targets: ['gb'], force: false };
  const flag = async () => {
    const by = { actor: 'anna', at: session.clock.now() };
    await new TargetStore(session.platform.state).update(
      'racing',
      'gb',
      (record) => flagged(record, { reason: 'down', minutes: 60, ...by }),
      by,
    );
    await session.clock.sleep(HOUR + 1);
  };

  it('lets one partition go, the newest; when all of it comes the flag is lifted', async () => {
    session = await sessionWith(NO_FAULTS);
    await flag();
    expect((await makePlan(session.platform, week)).work).toEqual([{ value: 'gb', date: DAY }]);
    await session.run({ targets: ['gb'] });
    expect(await session.target('gb')).toMatchObject({ skip: null, claim: null, status: 'active' });
    expect((await makePlan(session.platform, week)).work).toHaveLength(7);
  });

  it('is renewed where one request meets the wall again', async () => {
    session = await sessionWith(WALL_AT_ONCE, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    await flag();
    await session.run({ targets: ['gb'] });
    expect(asked(session, 0, 1)).toEqual([1, 0]);
    const { skip } = await session.target('gb');
    expect(skip).toMatchObject({ reason: 'down', actor: 'anna', lastsMs: 2 * HOUR });
    expect((await makePlan(session.platform, week)).work).toEqual([]);
  });
});
