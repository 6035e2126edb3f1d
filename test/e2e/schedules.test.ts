import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureStore } from '../../core/failures/failure-store.ts';
import { reparse } from '../../core/run/reparse.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { schedules } from '../../sources/schedules/source.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { BY } from '../core/targets/by.ts';
import { registerTargets } from '../core/targets/register-targets.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { todayOf } from './support/test-time.ts';

const TODAY = todayOf(schedules);
const FIRST = Number(TODAY.slice(0, 4)) - (TODAY.slice(5, 7) < '07' ? 1 : 0);
const YEAR = `${FIRST}-${(FIRST + 1) % 100}`;
const ID = '0699001';
const page = (body: string) => `<html><head><title>Larkmead</title></head><body>${body}</body></html>`;
const link = (path: string, text: string) => `<a href="${path}">${text}</a>`;

let directory: string;
let site: LoopbackSite;
let platform: LocalPlatform;
let clock: ImpatientClock;
/** What stands under which path; a number is the status of an answer without a page. */
let pages: Record<string, string | number>;
/** Hosts, without their port, that break every connection off. */
let away: Set<string>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-schedules-'));
  away = new Set();
  site = await serveHttp(({ url = '', headers, socket }, answer) => {
    if (away.has(headers.host!.replace(/:.*/, ''))) {
      socket.destroy();
      return;
    }
    const found = pages[url] ?? 404;
    if (typeof found === 'number') answer.writeHead(found).end();
    else answer.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(found);
  });
  clock = new ImpatientClock();
  const env = { RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow' };
  platform = openLocalPlatform({ directory, env, clock, sources: [schedules] });
  const attributes = {
    name: 'Larkmead',
    state: 'CA',
    tier: 'tier1',
    enrollment: 900,
    url: `${origin()}/`,
  };
  await registerTargets(platform.state, source(), [{ id: ID, attributes }], BY);
});
afterEach(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const source = () => platform.sources[0]!;
/** An import takes no bare address of a machine. */
const origin = () => site.origin.replace('127.0.0.1', 'larkmead.localhost');
const asked = () => site.requests.map(({ path }) => path).filter((path) => path !== '/robots.txt');

async function run(force = false) {
  const end = await runLocally(platform, { source: 'schedules', start: TODAY, end: TODAY, force });
  if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}`);
  return end.summary;
}

const rows = () => query(platform, 'SELECT * FROM bell_schedules ORDER BY grade_level');

describe('a district of several pages', () => {
  beforeEach(() => {
    const periods = ['8:00-9:30', '9:35-11:05', '11:40-1:10', '1:15-2:45'];
    pages = {
      '/': page(
        link('/school-hours', 'School hours') +
          link('/gone', 'Bell Schedule') +
          link('/hs', 'HS bell schedule'),
      ),
      '/school-hours': page(
        `<h1>School hours ${YEAR}</h1><p>Elementary: 8:10 am - 2:40 pm</p><p>High School: 8:00 am - 2:45 pm</p>`,
      ),
      '/hs': page(
        `<h1>Larkmead High School ${YEAR}</h1><ul>${periods.map((time, at) => `<li>Period ${at + 1}: ${time}</li>`).join('')}<li>Lunch: 11:05-11:35</li></ul>`,
      ),
    };
  });

  it('gives one row a level, of the surest page, and is whole without a page that is gone', async () => {
    expect((await run()).run).toMatchObject({
      status: 'succeeded',
      items_found: 1,
      items_failed: 0,
      attempts: 5,
    });
    expect(asked()).toEqual(['/', '/gone', '/hs', '/school-hours']);
    expect(await rows()).toMatchObject([
      { grade_level: 'elementary', start_time: 490, end_time: 880, confidence: 'medium', year: YEAR },
      {
        grade_level: 'high',
        instructional_minutes: 360,
        lunch_duration: 30,
        confidence: 'high',
        schools_sampled: '["Larkmead High School"]',
        source_urls: JSON.stringify([`${origin()}/hs`, `${origin()}/school-hours`]),
        _source_url: `${origin()}/hs`,
      },
    ]);
    expect(await Array.fromAsync(new FailureStore(platform.state).list('schedules'))).toEqual([]);
  });

  it('has its tier on record with each of its requests, robots.txt among them', async () => {
    await run();
    expect(
      await query(platform, "SELECT tier FROM attempts WHERE item_id = 'robots.txt' GROUP BY tier"),
    ).toEqual([{ tier: 'tier1' }]);
    expect(await query(platform, 'SELECT count(*) AS n FROM attempts WHERE tier IS NULL')).toEqual([
      { n: 0 },
    ]);
  });

  it('is parsed again from its captures as it was read, without a request', async () => {
    await run();
    const before = await rows();
    const many = asked().length;
    const [again] = await Array.fromAsync(reparse(platform, source(), { start: TODAY, end: TODAY }));
    expect(again).toMatchObject({ unreadable: [], pages: 1 });
    expect(asked()).toHaveLength(many);
    expect(await rows()).toEqual(before);
  });

  it('asks for no more than four pages beyond its own, and is flagged where all four are gone', async () => {
    pages = {
      '/': page([1, 2, 3, 4, 5, 6].map((nth) => link(`/s${nth}`, `Bell schedule ${nth}`)).join(' ')),
    };
    await run();
    expect(asked()).toEqual(['/', '/s1', '/s2', '/s3', '/s4']);
    const { skip } = await new TargetStore(platform.state).get('schedules', ID);
    expect(skip).toMatchObject({ reason: 'auto_flag_4_not_found' });
  });

  it('fails as a whole where one of its pages does not come, and keeps what it had', async () => {
    await run();
    const before = await rows();
    expect(before).toHaveLength(2);
    await clock.sleep(5 * 60_000);
    pages['/hs'] = 500;
    expect((await run(true)).run).toMatchObject({ status: 'incomplete', items_failed: 1 });
    expect(await rows()).toEqual(before);
    const [failure] = await Array.fromAsync(new FailureStore(platform.state).list('schedules'));
    expect(failure).toMatchObject({ target: ID, code: 'SERVER_ERROR', url: `${origin()}/hs` });
  });

  it('is whole without schools whose hosts are away after all tries, which its attempts name', async () => {
    const school = (name: string) => origin().replace('larkmead', `${name}.larkmead`);
    pages['/'] += link(`${school('oak')}/bells`, 'Bell times of Oak');
    pages['/'] += link(`${school('elm')}/bells`, 'Bell times of Elm');
    away = new Set(['oak.larkmead.localhost', 'elm.larkmead.localhost']);
    expect((await run()).run).toMatchObject({ status: 'succeeded', items_found: 1, items_failed: 0 });
    expect(await rows()).toMatchObject([{ grade_level: 'high' }]);
    expect(await Array.fromAsync(new FailureStore(platform.state).list('schedules'))).toEqual([]);
    const tries = await query(
      platform,
      `SELECT url, error_code, notes FROM attempts
      WHERE item_id = '${ID}' AND url LIKE '%.larkmead.%' ORDER BY attempt_id`,
    );
    const ofSchool = (name: string) => [
      { notes: null },
      { notes: null },
      { notes: expect.stringContaining(`whole without ${school(name)}/bells: NETWORK_ERROR`) },
    ];
    expect(tries).toMatchObject([...ofSchool('oak'), ...ofSchool('elm')]);
    expect(await new TargetStore(platform.state).get('schedules', ID)).toMatchObject({
      status: 'active',
      consecutiveFailures: 0,
      skip: null,
    });
  });

  it('is parsed again as it was read where there is no answer of a page that it is whole without', async () => {
    const school = origin().replace('larkmead', 'oak.larkmead');
    pages['/'] += link(`${school}/bells`, 'Bell times of Oak');
    away = new Set(['oak.larkmead.localhost']);
    await run();
    const before = await rows();
    for (let times = 1; times <= 2; times++) {
      const [again] = await Array.fromAsync(reparse(platform, source(), { start: TODAY, end: TODAY }));
      expect(again).toMatchObject({ unreadable: [], pages: 1 });
      expect(await rows()).toEqual(before);
    }
  });

  it('fails where its own host goes away behind the first page', async () => {
    const [first] = Object.keys(pages);
    const answered = pages[first!]!;
    Object.defineProperty(pages, '/', {
      get: () => {
        away.add('larkmead.localhost');
        return answered;
      },
    });
    expect((await run()).run).toMatchObject({ items_failed: 1 });
    const [failure] = await Array.fromAsync(new FailureStore(platform.state).list('schedules'));
    expect(failure).toMatchObject({ target: ID, code: 'NETWORK_ERROR', url: `${origin()}/gone` });
  });

  it('is empty, and no failure, where none of its pages can be read', async () => {
    pages = {
      '/': page(link('/bells', 'Bell schedules')),
      '/bells': page(`<h1>Bell schedules</h1>${link('/hs-bell-schedule.pdf', 'Bell schedule')}`),
    };
    expect((await run()).run).toMatchObject({ status: 'succeeded', items_failed: 0 });
    expect(asked()).toEqual(['/', '/bells']);
    expect(await Array.fromAsync(new FailureStore(platform.state).list('schedules'))).toEqual([]);
  });

  it('is a failure where its own address is gone', async () => {
    pages = {};
    expect((await run()).run).toMatchObject({ status: 'failed', items_failed: 1 });
    expect(asked()).toEqual(['/']);
  });
});
