import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlan, plan, readPlan } from '../../../core/pipeline/plan.ts';
import { scrape } from '../../../core/pipeline/scrape.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { addDays } from '../../../core/window/civil-date.ts';
import { demoFaults, type Fault, type FaultPlan, type FaultRule, NO_FAULTS } from '../../../demo/faults.ts';
import type { ReadRow } from '../../e2e/support/lake-reading.ts';
import { Session, type SessionOptions } from '../../e2e/support/session.ts';
import { DAY, TODAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());

const rule = (race: number, fault: Fault, times?: number): FaultRule => ({
  where: { country: 'gb', date: DAY, race },
  fault,
  ...(times !== undefined && { times }),
});
const faults = (...rules: FaultRule[]): FaultPlan => ({ ...NO_FAULTS, rules });
const status = (code: number, retryAfterSeconds?: number): Fault => ({
  kind: 'status',
  status: code,
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});

async function sessionWith(plan: FaultPlan, options: SessionOptions = {}): Promise<Session> {
  session = await Session.start({ ...options, site: { faults: plan, ...options.site } });
  return session;
}

/** Id of the nth race of Great Britain on `DAY`. */
const raceId = (nth: number) => session.site.truth('gb', DAY).at(nth)!.raceId;
const ofItem = (rows: readonly ReadRow[], nth: number) => rows.filter((row) => row.item_id === raceId(nth));
const codes = (rows: readonly ReadRow[]) => rows.map((row) => row.error_code);
/** Requests for the nth race, as the site saw them. */
const asked = (nth: number) =>
  session.site.requests.filter(({ path }) => path.endsWith(`/${raceId(nth)}`)).length;

describe('a page that answers 406', () => {
  it.each([
    [1, [2000]],
    [2, [2000, 4000]],
    [3, [2000, 4000, 8000]],
  ])('to exactly %i requests is recovered after waits of %j ms', async (times, expected) => {
    await sessionWith(faults(rule(1, status(406), times)));
    const { end, waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual(expected);
    expect(end.summary.run).toMatchObject({ status: 'succeeded', items_expected: 4, items_found: 4 });
    const rows = ofItem(await session.attempts(), 1);
    expect(codes(rows)).toEqual([...Array(times).fill('RATE_LIMITED'), 'SUCCESS']);
    expect(rows.map((row) => row.attempt_number)).toEqual(rows.map((_, at) => at + 1));
    expect(rows[0]).toMatchObject({ status: 'error', http_status_code: 406, rule: 'status/406' });
    expect(await session.failures()).toEqual([]);
  });

  it('to four requests in a row opens a failure, which the next run recovers', async () => {
    await sessionWith(faults(rule(1, status(406), 4)));
    const first = await session.run({ targets: ['gb'] });
    expect(first.waits).toEqual([2000, 4000, 8000]);
    expect(first.end.summary.run).toMatchObject({ status: 'incomplete', items_found: 3, items_failed: 1 });
    expect(first.end.summary.partitions[0]!.result).toMatchObject({ status: 'committed', rows: 9 });
    expect(await session.failures()).toMatchObject([
      { state: 'open', code: 'RATE_LIMITED', attempts: 4, item: raceId(1) },
    ]);

    const second = await session.run({ targets: ['gb'] });
    expect(second.end.summary.run).toMatchObject({ status: 'succeeded', items_found: 4, items_failed: 0 });
    expect(second.end.summary.partitions[0]!.result).toMatchObject({ status: 'committed', rows: 12 });
    expect(await session.failures()).toMatchObject([{ state: 'recovered', closedBy: second.end.runId }]);
    expect(asked(1)).toBe(5);
  });

  it('is left alone by the whole run for as long as its Retry-After says', async () => {
    await sessionWith(faults(rule(0, status(429, 25), 1)), { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    await session.run({ targets: ['gb'] });
    const rows = (await session.attempts()).filter(
      (row) => row.item_id !== 'index' && row.item_id !== 'robots.txt',
    );
    const [limited, ...later] = rows.map((row) => Date.parse(String(row.attempted_at)));
    expect(rows[0]).toMatchObject({ error_code: 'RATE_LIMITED', http_status_code: 429 });
    expect(Math.min(...later) - limited!).toBeGreaterThanOrEqual(25_000);
  });
});

describe('the attempts table', () => {
  it('has a row for every request that the site saw, that for robots.txt included, and no other', async () => {
    await sessionWith(demoFaults(TODAY), {
      site: { racesPerDay: 0.8 },
      env: { RESCRAPE_RACING_TIMEOUT_MS: '400' },
    });
    await session.run({ start: addDays(TODAY, -6), end: TODAY });
    const recorded = (await session.attempts()).map((row) => new URL(String(row.url)).pathname).sort();
    expect(recorded).toEqual(session.site.requests.map(({ path }) => path).sort());
    expect(recorded).toContain('/robots.txt');
  });

  it('misses nothing where it could not be written in one run, once the next has ended', async () => {
    await sessionWith(NO_FAULTS);
    session.onWrite = ({ name }) => {
      if (name.startsWith('attempts/')) throw new StorageError('there is no room on the disk: make some');
    };
    const broken = await session.run({ targets: ['gb'] });
    expect(broken.end.problems).toMatchObject([{ message: expect.stringContaining('no room') }]);
    session.onWrite = () => {};
    await session.run({ targets: ['gb'] });
    const recorded = (await session.attempts()).map((row) => new URL(String(row.url)).pathname).sort();
    expect(recorded).toEqual(session.site.requests.map(({ path }) => path).sort());
  });

  it('leads from each response to the bytes that came over the wire', async () => {
    await sessionWith(faults(rule(0, status(503), 1), rule(2, { kind: 'changed-page' })));
    await session.run({ targets: ['gb'] });
    const captured = (await session.attempts()).filter((row) => row.item_id !== 'robots.txt');
    expect(captured).toHaveLength(6);
    for (const row of captured) {
      const [key, offset] = String(row.capture).split('#');
      const file = readFileSync(join(session.directory, 'lake', key!));
      const record = gunzipSync(file.subarray(Number(offset))).toString('latin1');
      expect(record.startsWith('WARC/1.')).toBe(true);
      expect(/^WARC-Target-URI: (.*)\r$/m.exec(record)![1]).toBe(row.url);
      expect(record).toContain(`HTTP/1.1 ${row.http_status_code} `);
    }
  });
});

describe('a security wall', () => {
  const WALL = faults(rule(1, { kind: 'cloudflare-challenge' }));

  it('flags the target at once: the remaining items are not asked for, and the next plan skips it', async () => {
    await sessionWith(WALL, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    const { end, waits } = await session.run({ targets: ['gb', 'ire'] });
    expect(waits).toEqual([]);
    expect([0, 1, 2, 3].map(asked)).toEqual([1, 1, 0, 0]);
    expect((await session.target('gb')).skip).toMatchObject({
      reason: 'security_block_one_attempt',
      actor: 'rescrape',
    });
    expect(
      end.summary.partitions.map(({ name, result }) => [name, result === 'broken' ? result : result.stats]),
    ).toMatchObject([
      [`racing/gb/${DAY}`, { expected: 4, found: 1, failed: 3 }],
      [`racing/ire/${DAY}`, { expected: 2, found: 2, failed: 0 }],
    ]);

    const before = session.site.requests.length;
    const input = { source: 'racing', start: DAY, end: DAY, targets: ['gb', 'ire'], force: false };
    const next = await makePlan(session.platform, input);
    expect(next.work).toEqual([{ target: 'ire', date: DAY }]);
    expect(next.skipped).toMatchObject([{ target: 'gb', reason: 'security_block_one_attempt' }]);
    const again = await session.run({ targets: ['gb', 'ire'] });
    expect(again.end.summary.skipped).toMatchObject([{ target: 'gb' }]);
    expect(session.site.requests.slice(before).some(({ path }) => path.includes(raceId(0)))).toBe(false);
  });

  it('is kept with its evidence: kind, rule, status and page', async () => {
    await sessionWith(WALL);
    await session.run({ targets: ['gb'] });
    expect(ofItem(await session.attempts(), 1)).toMatchObject([
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
    await sessionWith(faults(rule(0, { kind: 'incapsula-wall' })));
    await session.run({ targets: ['gb'] });
    const [row] = ofItem(await session.attempts(), 0);
    expect(row).toMatchObject({ status: 'blocked', error_code: 'BLOCKED', http_status_code: 200 });
    expect((await session.target('gb')).skip).not.toBeNull();
  });

  it('before the index flags the target too, and the partition keeps what it has', async () => {
    await sessionWith(NO_FAULTS);
    await session.run({ targets: ['gb'] });
    session.site.setFaults(
      faults({ where: { path: `/results/${DAY}` }, fault: { kind: 'cloudflare-challenge' } }),
    );
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.summary.partitions[0]!.result).toMatchObject({ status: 'failed', rows: 12 });
    expect((await session.target('gb')).skip).not.toBeNull();
    expect(asked(0)).toBe(1);
  });

  it('that was met before a crash still shuts the door to the rest of the pages after it', async () => {
    await sessionWith(WALL, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    session.onWrite = ({ name }) => {
      if (name === 'targets/racing#gb') throw new Error('the process died here');
    };
    const work = await firstWork();
    await expect(scrape(session.platform, work)).rejects.toThrow('the process died here');
    session.onWrite = () => {};
    await scrape(session.platform, work);
    expect([0, 1, 2, 3].map(asked)).toEqual([1, 1, 0, 0]);
  });
});

describe('pages that are not there', () => {
  const one = { env: { RESCRAPE_RACING_CONCURRENCY: '1' }, site: { racesPerDay: 0.6 } };

  it('flag the target when four come in a row, and are not retried', async () => {
    await sessionWith(faults(...[0, 1, 2, 3].map((race) => rule(race, status(404)))), one);
    const { waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual([]);
    expect([0, 1, 2, 3, 4].map(asked)).toEqual([1, 1, 1, 1, 0]);
    expect((await session.target('gb')).skip).toMatchObject({ reason: 'auto_flag_4_not_found' });
  });

  it('flag nothing when a page that is there comes between them', async () => {
    await sessionWith(faults(...[0, 1, 2, 4, 5].map((race) => rule(race, status(404)))), one);
    await session.run({ targets: ['gb'] });
    expect([0, 1, 2, 3, 4, 5].map(asked)).toEqual([1, 1, 1, 1, 1, 1]);
    expect((await session.target('gb')).skip).toBeNull();
  });

  it('are counted on after an interruption', async () => {
    await sessionWith(faults(...[0, 1, 2, 3].map((race) => rule(race, status(404)))), one);
    const work = await firstWork();
    let tries = 0;
    expect(await scrape(session.platform, work, () => ++tries > 2)).toEqual({ done: false });
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect([0, 1, 2, 3, 4].map(asked)).toEqual([1, 1, 1, 1, 0]);
  });
});

async function firstWork() {
  const { platform } = session;
  const planned = await plan(platform, {
    runId: platform.newId(),
    source: 'racing',
    start: DAY,
    end: DAY,
    targets: ['gb'],
    force: false,
  });
  for await (const work of readPlan(platform, planned.workList.key)) return work;
  throw new Error('nothing was planned');
}

describe('each way in which a page can fail', () => {
  const FOUR = 4;
  const CASES: readonly (readonly [Fault, number, Partial<Record<string, unknown>>])[] = [
    [
      { kind: 'hang' },
      FOUR,
      { status: 'timeout', error_code: 'TIMEOUT', http_status_code: null, capture: null },
    ],
    [{ kind: 'slow-body', totalMs: 3000 }, FOUR, { status: 'timeout', error_code: 'TIMEOUT' }],
    [
      { kind: 'reset' },
      FOUR,
      { status: 'error', error_code: 'NETWORK_ERROR', http_status_code: null, capture: null },
    ],
    [{ kind: 'truncated-body' }, FOUR, { error_code: 'NETWORK_ERROR' }],
    [status(500), FOUR, { error_code: 'SERVER_ERROR', http_status_code: 500, rule: 'status/500' }],
    [status(401), 1, { error_code: 'AUTH_FAILED', http_status_code: 401 }],
    [status(410), 1, { status: 'not_found', error_code: 'NOT_FOUND', http_status_code: 410 }],
    [status(400), 1, { error_code: 'UNKNOWN_ERROR', http_status_code: 400 }],
    [{ kind: 'oversize-body', bytes: 21 * 1024 * 1024 }, 1, { error_code: 'TOO_LARGE' }],
    [{ kind: 'redirect', to: 'private-address' }, 1, { error_code: 'REFUSED' }],
    [{ kind: 'changed-page' }, 1, { error_code: 'HTML_CHANGED', http_status_code: 200 }],
    [{ kind: 'shifted-cells' }, 1, { status: 'error', http_status_code: 200 }],
    [{ kind: 'invalid-record' }, 1, { status: 'error', http_status_code: 200 }],
    [{ kind: 'empty-table' }, 2, { error_code: 'NO_RECORDS', http_status_code: 200 }],
  ];

  it('is an outcome with its evidence, is tried as often as its verdict says, and keeps the neighbours from nothing', async () => {
    const env = { RESCRAPE_RACING_TIMEOUT_MS: '300', RESCRAPE_RACING_CONCURRENCY: '8' };
    await sessionWith(faults(...CASES.map(([fault], race) => rule(race, fault))), {
      site: { racesPerDay: 1.3 },
      env,
    });
    const { end, waits } = await session.run({ targets: ['gb'] });
    const rows = await session.attempts();
    for (const [race, [fault, tries, expected]] of CASES.entries()) {
      const own = ofItem(rows, race);
      expect(
        own.map((row) => row.attempt_number),
        JSON.stringify(fault),
      ).toEqual(Array.from({ length: tries }, (_, at) => at + 1));
      for (const row of own) {
        expect(row, JSON.stringify(fault)).toMatchObject(expected);
        expect(row.error_message, JSON.stringify(fault)).toMatch(/^[^\n]+$/);
        expect(row.records_found).toBeNull();
        if (row.http_status_code !== null) expect(row.capture).toContain('.warc.gz#');
      }
    }
    expect(waits).toEqual([2000, 4000, 8000]);
    const races = session.site.truth('gb', DAY).length;
    expect(end.summary.run).toMatchObject({
      items_expected: races,
      items_failed: CASES.length,
      items_found: races - CASES.length,
    });
    const open = new Set(
      (await session.failures()).filter(({ state }) => state === 'open').map(({ item }) => item),
    );
    const unopened = CASES.flatMap(([fault], race) => (open.has(raceId(race)) ? [] : [fault]));
    expect(unopened).toEqual([]);
  });

  it('is told apart from a page in another charset, which is read as what it says it is', async () => {
    await sessionWith(
      faults(
        rule(0, { kind: 'charset', declared: 'header' }),
        rule(1, { kind: 'charset', declared: 'meta' }),
      ),
    );
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.summary.run).toMatchObject({ status: 'succeeded', items_found: 4 });
  });

  it('is refused by robots.txt without a request', async () => {
    await sessionWith(NO_FAULTS);
    const [first] = session.site.truth('gb', DAY);
    session.site.setFaults({ ...NO_FAULTS, robotsDisallow: [first!.path] });
    await session.run({ targets: ['gb'] });
    expect(ofItem(await session.attempts(), 0)).toMatchObject([
      { error_code: 'REFUSED', rule: 'robots/disallow' },
    ]);
    expect(asked(0)).toBe(0);
  });
});

describe('the index of a day', () => {
  const index = (fault: Fault, times?: number): FaultPlan =>
    faults({ where: { path: `/results/${DAY}` }, fault, ...(times !== undefined && { times }) });

  it('that never comes leaves the partition failed and opens one failure, that of the index', async () => {
    await sessionWith(index(status(503)));
    const { end, waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual([2000, 4000, 8000]);
    expect(end.summary.partitions[0]!.result).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('SERVER_ERROR'),
      stats: { indexRead: false },
    });
    expect(await session.failures()).toMatchObject([{ item: 'index', code: 'SERVER_ERROR', attempts: 4 }]);
  });

  it('that comes late takes no retries from its items', async () => {
    await sessionWith({ ...NO_FAULTS, rules: [...index(status(406), 2).rules, rule(0, status(406), 3)] });
    const { end, waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual([2000, 4000, 2000, 4000, 8000]);
    expect(end.summary.run).toMatchObject({ status: 'succeeded', items_found: 4 });
  });
});

describe('a scrape that has to stop', () => {
  it('asks to be called again, and then fetches only what is missing', async () => {
    await sessionWith(NO_FAULTS, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    const work = await firstWork();
    let tries = 0;
    expect(await scrape(session.platform, work, () => ++tries > 2)).toEqual({ done: false });
    expect([0, 1, 2, 3].map(asked)).toEqual([1, 1, 0, 0]);
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect([0, 1, 2, 3].map(asked)).toEqual([1, 1, 1, 1]);
    expect(session.site.requests.filter(({ path }) => path === `/results/${DAY}`)).toHaveLength(1);
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect(session.site.requests).toHaveLength(6);
  });
});
