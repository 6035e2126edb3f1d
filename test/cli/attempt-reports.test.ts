import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { flagged } from '../../core/targets/flags.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { testClock } from '../e2e/support/test-time.ts';
import {
  DAY_MS,
  DistrictsDirectory,
  GONE,
  HOUR_MS,
  MINUTE_MS,
  OUTAGE,
  TIMEOUT,
  WALL,
} from './support/districts.ts';
import { ALDER, BIRCH, CEDAR } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();

async function flag(target: string, ago: number, reason = 'asked not to'): Promise<void> {
  await lake.with(async ({ state }) => {
    const by = { reason, actor: 'ada', at: testClock.now() - ago };
    await new TargetStore(state).update('districts', target, (record) => flagged(record, by), by);
  });
}

describe('errors', () => {
  const seed = () =>
    lake.attempts(
      { target: ALDER, ago: HOUR_MS, timing_ms: 100 },
      { target: ALDER, ago: 2 * HOUR_MS, ...TIMEOUT, timing_ms: 9000 },
      { target: CEDAR, ago: 3 * HOUR_MS, ...TIMEOUT, timing_ms: 1000 },
      { target: CEDAR, ago: 4 * HOUR_MS, ...TIMEOUT, timing_ms: 2000 },
      { target: BIRCH, ago: 5 * HOUR_MS, ...WALL, timing_ms: 50 },
      { target: BIRCH, ago: 8 * DAY_MS, ...GONE },
    );

  it('counts each outcome with the targets that it affects, the last time, and the mean duration', async () => {
    await seed();
    const row = (error_code: string, block_type: string | null, ...[occurrences, targets, ms]: number[]) => {
      const counts = { occurrences, affected_targets: targets, mean_timing_ms: ms };
      return { source: 'districts', error_code, block_type, ...counts };
    };
    const rows = await lake.items('errors');
    expect(rows.map(({ last_at: _, ...rest }) => rest)).toEqual([
      row('TIMEOUT', null, 3, 2, 4000),
      row('BLOCKED', 'cloudflare', 1, 1, 50),
      row('SUCCESS', null, 1, 1, 100),
    ]);
    expect(Date.parse(String(rows[0]?.last_at))).toBeCloseTo(testClock.now() - 2 * HOUR_MS, -5);
  });

  it('looks back as far as it is told, and at the targets that it is told', async () => {
    await seed();
    const codes = async (...words: string[]) =>
      (await lake.items('errors', ...words)).map(({ error_code }) => error_code);
    expect(await codes('--days', '9', '--target', BIRCH)).toEqual(['BLOCKED', 'NOT_FOUND']);
    expect(await codes('--state', 'il')).toEqual(['TIMEOUT']);
    expect(await codes('--state', 'CA', '--tier', 'tier2')).toEqual(['BLOCKED']);
    expect((await lake.say('errors', '--source', 'racing')).stdout).toBe(
      'nothing was tried in the last 7 days\n',
    );
  });

  it.each([
    [['--state', 'TX'], 'no target has the state "TX"; there is: CA, IL'],
    [['--tier', 'tier9'], 'no target has the tier "tier9"; there is: tier1, tier2, tier3'],
    [
      ['--source', 'racing', '--tier', 'tier1'],
      'no target of racing has the tier "tier1"; none has a tier at all',
    ],
  ])('%j is wrong usage and lists what there is', async (words, message) => {
    expect(await lake.say('errors', ...words)).toMatchObject({ code: 2, stderr: `rescrape: ${message}\n` });
  });
});

describe('attempts and blocks', () => {
  const seed = () =>
    lake.attempts(
      { target: CEDAR, ago: MINUTE_MS, ...WALL },
      { target: ALDER, ago: HOUR_MS, ...WALL },
      { target: BIRCH, ago: 2 * HOUR_MS },
    );

  it('are of the targets in a state or of a tier, before they are cut to a number', async () => {
    await seed();
    const names = async (...words: string[]) =>
      (await lake.items(...words)).map(({ name, state }) => [name, state]);
    expect(await names('attempts', '--state', 'ca', '--limit', '1')).toEqual([['Alder', 'CA']]);
    expect(await names('attempts', '--state', 'CA', '--tier', 'tier2')).toEqual([['Birch', 'CA']]);
    expect(await names('attempts', '--state', 'IL', '--tier', 'tier2')).toEqual([]);
    expect(await names('blocks')).toEqual([
      ['Cedar', 'IL'],
      ['Alder', 'CA'],
    ]);
    expect(await names('blocks', '--state', 'CA')).toEqual([['Alder', 'CA']]);
    expect(await lake.say('blocks', '--state', 'TX')).toMatchObject({
      code: 2,
      stderr: 'rescrape: no target has the state "TX"; there is: CA, IL\n',
    });
  });

  it('are the newest of all time, however long ago that was', async () => {
    const ages = [HOUR_MS, 30 * DAY_MS, 90 * DAY_MS];
    await lake.attempts(...ages.map((ago) => ({ target: BIRCH, ago })), { target: ALDER, ago: 8 * DAY_MS });
    const daysAgo = async (...words: string[]) =>
      (await lake.items('attempts', ...words)).map(({ attempted_at: at }) =>
        Math.floor((testClock.now() - Date.parse(String(at))) / DAY_MS),
      );
    expect(await daysAgo('--limit', '1')).toEqual([0]);
    expect(await daysAgo('--limit', '3')).toEqual([0, 8, 30]);
    expect(await daysAgo()).toEqual([0, 8, 30, 90]);
  });

  it('are those of one run or retry, however long ago it was and whatever ran since', async () => {
    await seed();
    const [first] = await lake.items('attempts');
    await lake.attempts({ target: BIRCH, ago: MINUTE_MS });
    const targets = async (...words: string[]) =>
      (await lake.items('attempts', ...words)).map(({ target }) => target);
    expect(await targets()).toHaveLength(4);
    const run = String(first?.run_id);
    expect(await targets('--run', run)).toEqual([CEDAR, ALDER, BIRCH]);
    expect(await targets('--run', run, '--target', ALDER, '--since', '2020-01-01')).toEqual([ALDER]);
    expect(await targets('--run', '019a8c5e-7d2b-7c41-9f0e-2f6d1c3b5a70')).toEqual([]);
    // The second one is of a year without four digits.
    for (const id of ['x', 'ffffffff-ffff-7fff-8fff-ffffffffffff'])
      expect(await lake.say('attempts', '--run', id)).toMatchObject({
        code: 2,
        stderr: `rescrape: --run "${id}" is no id of a run; give the run_id of an attempt, as --json prints it\n`,
      });
  });

  it('show name and state where targets have them', async () => {
    await seed();
    const [header, first] = (await lake.say('blocks', '--csv')).stdout.split('\r\n');
    expect(header).toMatch(/^attempted_at,partition,name,state,item_id,/);
    expect(first).toContain(',Cedar,IL,');
  });
});

describe('a wall before robots.txt', () => {
  it('is one wall, that of the page behind it, in all that counts them', async () => {
    const at = { target: CEDAR, ago: HOUR_MS, ...WALL };
    await lake.attempts({ ...at, item_id: 'robots.txt' }, at);
    expect(await lake.items('blocks')).toMatchObject([{ item_id: CEDAR }]);
    expect(await lake.items('errors')).toMatchObject([{ error_code: 'BLOCKED', occurrences: 1 }]);
    expect(await lake.items('reports', 'daily')).toHaveLength(1);
    expect(await lake.items('reports', 'success-rate')).toMatchObject([{ blocked: 1, total: 1 }]);
    expect(await lake.items('attempts')).toHaveLength(2);
  });
});

describe('reports', () => {
  it('daily lists the walls of the day of its source, newest first, with name and state', async () => {
    // Noon in UTC is six in the morning in Chicago: eight hours ago was yesterday there.
    await lake.attempts(
      { target: ALDER, ago: 5 * HOUR_MS, ...WALL, block_type: 'waf' },
      { target: CEDAR, ago: HOUR_MS, ...WALL },
      { target: BIRCH, ago: 8 * HOUR_MS, ...WALL },
      { target: BIRCH, ago: HOUR_MS, ...GONE },
    );
    const short = (rows: readonly Record<string, unknown>[]) =>
      rows.map(({ name, state, block_type }) => [name, state, block_type]);
    expect(short(await lake.items('reports', 'daily'))).toEqual([
      ['Cedar', 'IL', 'cloudflare'],
      ['Alder', 'CA', 'waf'],
    ]);
    expect(short(await lake.items('reports', 'daily', '--state', 'CA'))).toEqual([['Alder', 'CA', 'waf']]);
    expect(short(await lake.items('reports', 'daily', '--date', '2026-11-21'))).toEqual([
      ['Birch', 'CA', 'cloudflare'],
    ]);
    expect((await lake.say('reports', 'daily', '--date', '2026-11-01')).stdout).toBe(
      'no walls on 2026-11-01\n',
    );
    expect((await lake.say('reports', 'daily', '--date', '2026-02-30')).code).toBe(2);
  });

  it('weekly lists what was flagged in seven days, by state and name', async () => {
    await flag(CEDAR, DAY_MS, 'security_block_one_attempt');
    await flag(BIRCH, 2 * DAY_MS);
    await flag(ALDER, 8 * DAY_MS);
    const rows = await lake.items('reports', 'weekly');
    expect(rows.map(({ state, name, reason, flagged_by }) => [state, name, reason, flagged_by])).toEqual([
      ['CA', 'Birch', 'asked not to', 'ada'],
      ['IL', 'Cedar', 'security_block_one_attempt', 'ada'],
    ]);
    expect(await lake.items('reports', 'weekly', '--days', '9')).toHaveLength(3);
  });

  it('success-rate counts each status, and the share that succeeded with two decimals', async () => {
    await lake.attempts(
      { target: ALDER, ago: HOUR_MS },
      { target: BIRCH, ago: HOUR_MS, ...WALL },
      { target: BIRCH, ago: 9 * DAY_MS, ...TIMEOUT },
      { target: ALDER, ago: HOUR_MS, ...WALL, item_id: 'robots.txt' },
    );
    const counts = { success: 1, blocked: 1, not_found: 0, error: 0, queue_full: 0 };
    expect(await lake.items('reports', 'success-rate')).toEqual([
      { source: 'districts', ...counts, timeout: 1, total: 3, success_rate_pct: 33.33 },
    ]);
    expect(await lake.items('reports', 'success-rate', '--days', '7')).toEqual([
      { source: 'districts', ...counts, timeout: 0, total: 2, success_rate_pct: 50 },
    ]);
  });
});

describe('retry-list', () => {
  it('lists targets whose last attempt timed out or failed, newest first; flagged ones are left out', async () => {
    await lake.attempts(
      { target: ALDER, ago: HOUR_MS, ...OUTAGE, error_message: '=cmd()' },
      { target: BIRCH, ago: 2 * MINUTE_MS, ...TIMEOUT },
      { target: CEDAR, ago: 3 * MINUTE_MS, ...TIMEOUT },
      { target: CEDAR, ago: MINUTE_MS },
      { target: '0600004', ago: MINUTE_MS, ...TIMEOUT },
      { target: '0699999', ago: MINUTE_MS, ...TIMEOUT },
    );
    await flag('0600004', HOUR_MS);
    const rows = await lake.items('retry-list', 'districts');
    expect(rows.map(({ district_id, error_code }) => [district_id, error_code])).toEqual([
      [BIRCH, 'TIMEOUT'],
      [ALDER, 'SERVER_ERROR'],
    ]);
    const file = join(lake.path, 'retry.csv');
    await lake.say('retry-list', 'districts', '--csv', file, '--tier', 'tier1');
    const [header, line] = (await readFile(file, 'utf8')).split('\r\n');
    expect(header).toMatch(
      /^district_id,name,state,tier,enrollment,url,last_status,error_code,error_message,/,
    );
    expect(line).toContain(`${ALDER},Alder,CA,tier1,900,https://district-${ALDER}.example/hours,error,`);
    expect(line).toContain(",'=cmd(),");
  });

  it('asks for a source, and says that there is nothing', async () => {
    expect((await lake.say('retry-list')).code).toBe(2);
    expect((await lake.say('retry-list', 'districts')).stdout).toMatch(/^no target of districts timed out/);
  });
});
