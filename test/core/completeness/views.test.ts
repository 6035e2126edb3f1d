import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../../core/calendar/civil-date.ts';
import { findSuspicious } from '../../../core/completeness/statistics.ts';
import { viewsOf } from '../../../core/completeness/views.ts';
import type { AttemptRow } from '../../../core/lake/log-tables.ts';
import { racing } from '../../../sources/racing/source.ts';
import { EARLIER_ATTEMPT } from '../lake/attempt-row.ts';
import {
  commit,
  type Lake,
  NOW,
  openLake,
  query,
  writeAttempts,
  writeCommits,
  writeRun,
} from './lake-fixture.ts';

const DAY_MS = 86_400_000;

/** An attempt a minute and so many days before the time of the query. */
function attempt(daysAgo: number, change: Partial<AttemptRow> = {}): AttemptRow {
  return {
    ...EARLIER_ATTEMPT,
    attempt_id: `attempt-${1000 - daysAgo}`,
    attempted_at: new Date(NOW - daysAgo * DAY_MS - 60_000).toISOString(),
    ...change,
  };
}

const WALL = {
  status: 'blocked',
  error_code: 'BLOCKED',
  block_type: 'cloudflare',
  records_found: null,
} as const;
const TIMEOUT = { status: 'timeout', error_code: 'TIMEOUT', records_found: null } as const;

describe('the views', () => {
  let it_: Lake;
  let lake: Lake['lake'];
  beforeEach(() => {
    it_ = openLake();
    lake = it_.lake;
  });
  afterEach(() => it_.close());

  /** Each attempt in the folder of its own day, as if a run had begun right before it. */
  async function attempts(...rows: readonly AttemptRow[]): Promise<void> {
    for (const row of rows) await writeAttempts(lake, row.attempted_at.slice(0, 10), [row]);
  }

  it('all answer over an empty lake', async () => {
    for (const { name } of viewsOf([racing]))
      expect([name, await query(lake, `SELECT * FROM ${name}`)]).toEqual([name, []]);
  });

  it('stand after the views that they read, and say what they are for', () => {
    const views = viewsOf([racing]);
    views.forEach(({ name, sql, description }, at) => {
      expect(description).toMatch(/\.$/);
      for (const later of views.slice(at)) expect(sql.includes(later.name)).toBe(false);
      expect(name).toMatch(/^v_[a-z_]+$/);
    });
  });

  it('take a quote in the name of a source for a quote', () => {
    const sql = viewsOf([{ ...racing, name: "o'racing" }])
      .map((view) => view.sql)
      .join();
    expect(sql).toContain("WHEN 'o''racing' THEN 5");
  });

  describe('v_completeness', () => {
    it('shows each partition as its last commit left it, and when it was last refreshed', async () => {
      await writeCommits(lake, [
        commit('gb', '2025-11-14', '2025-11-15T01:30'),
        commit('gb', '2025-11-14', '2025-11-16T01:30', { status: 'unchanged', version: 'v1' }),
        commit('gb', '2025-11-14', '2025-11-17T01:30', {
          status: 'failed',
          version: 'v1',
          reason: 'index: TIMEOUT',
        }),
        commit('gb', '2025-11-15', '2025-11-17T01:30', {
          items_found: 17,
          items_carried: 1,
          items_failed: 3,
        }),
        commit('gb', '2025-11-16', '2025-11-17T01:30', { status: 'held' }),
        commit('gb', '2025-11-17', '2025-11-18T00:30', { items_expected: 0, items_found: 0, rows: 0 }),
        commit('gb', '2025-11-18', '2025-11-19T00:30', { items_withdrawn: 2 }),
        commit('ire', '2025-11-15', '2025-11-17T01:30', { items_found: 18, items_pending: 2 }),
        commit('ire', '2025-11-16', '2025-11-16T23:30'),
        commit('ire', '2025-11-17', '2025-11-18T00:30', { items_found: 19, items_empty: 1 }),
        commit('fr', '2025-11-17', '2025-11-17T01:30', {
          status: 'failed',
          version: null,
          items_found: 0,
          rows: 0,
        }),
      ]);
      const rows = await query(
        lake,
        'SELECT target, partition_date, standing, items, refreshed_at FROM v_completeness ORDER BY target, partition_date',
      );
      expect(
        rows.map((row) => [row.target, String(row.partition_date).slice(8), row.standing, row.items]),
      ).toEqual([
        ['fr', '17', 'missing', 0],
        ['gb', '14', 'stale', 20],
        ['gb', '15', 'incomplete', 18],
        ['gb', '16', 'held', 20],
        ['gb', '17', 'empty', 0],
        ['gb', '18', 'suspicious', 20],
        ['ire', '15', 'incomplete', 20],
        ['ire', '16', 'open', 20],
        ['ire', '17', 'complete', 20],
      ]);
      expect(rows[1]?.refreshed_at).toMatch(/^2025-11-16T01:30/);
    });
  });

  describe('v_suspicious_dates', () => {
    it('finds what the completeness command finds, on any history', async () => {
      const start = civilDate('2025-01-01');
      const usual = fc.integer({ min: 18, max: 24 });
      const gap = fc.constant(null);
      const low = fc.integer({ min: 0, max: 12 });
      const day: fc.Arbitrary<number | null> = fc.oneof(
        { weight: 20, arbitrary: usual },
        { weight: 2, arbitrary: gap },
        low,
      );
      const counts = fc.array(day, { minLength: 1, maxLength: 80, size: 'max' });
      const samples = fc.sample(counts, { numRuns: 20, seed: 7 });
      // One target a sample: the views measure targets apart.
      await writeCommits(
        lake,
        samples.flatMap((items, target) =>
          items.flatMap((count, day) =>
            count === null
              ? []
              : commit(`t${target}`, addDays(start, day), '2025-11-17T01:30', { items_found: count }),
          ),
        ),
      );
      const rows = await query(lake, 'SELECT * FROM v_suspicious_dates ORDER BY target, partition_date');
      for (const [target, items] of samples.entries()) {
        const history = items.flatMap((count, day) =>
          count === null ? [] : { date: addDays(start, day), items: count, rows: 180 },
        );
        const expected = findSuspicious(history, { start, end: addDays(start, 80) }, racing.expect.minItems);
        const found = rows.filter((row) => row.target === `t${target}`);
        expect(found.map((row) => [row.partition_date, row.items])).toEqual(
          expected.map((day) => [day.date, day.items]),
        );
        for (const [at, row] of found.entries())
          expect(row.threshold).toBeCloseTo(expected[at]!.threshold, 6);
      }
      expect(rows.length).toBeGreaterThan(5);
      expect(rows.some((row) => row.same_day_of_week)).toBe(true);
    });
  });

  describe('v_missing_dates', () => {
    it('lists every date without a commit up to the last window, for every target', async () => {
      await writeRun(lake, '2025-11-11', '2025-11-17');
      const dates = ['2025-11-11', '2025-11-12', '2025-11-14', '2025-11-15', '2025-11-16'];
      await writeCommits(lake, [
        ...dates.map((date) => commit('gb', date, '2025-11-17T01:30')),
        ...[...dates, '2025-11-17'].map((date) => commit('ire', date, '2025-11-17T01:30')),
        commit('ire', '2025-11-13', '2025-11-17T01:30', {
          status: 'failed',
          version: null,
          reason: 'index: TIMEOUT',
        }),
      ]);
      const rows = await query(lake, 'SELECT * FROM v_missing_dates ORDER BY target, missing_date');
      expect(
        rows.map(({ target, missing_date, last_status, reason }) => [
          target,
          missing_date,
          last_status,
          reason,
        ]),
      ).toEqual([
        ['gb', '2025-11-13', null, null],
        ['gb', '2025-11-17', null, null],
        ['ire', '2025-11-13', 'failed', 'index: TIMEOUT'],
      ]);
    });

    it('covers ten years', async () => {
      await writeCommits(lake, [
        commit('gb', '2015-11-17', '2015-11-18T01:30'),
        commit('gb', '2025-11-17', '2025-11-18T01:30'),
      ]);
      expect(await query(lake, 'SELECT count(*) AS missing FROM v_missing_dates')).toEqual([
        { missing: 3652 },
      ]);
    });
  });

  describe('v_partition_updates', () => {
    it('tells replacing from confirming, and keeps the last refresh apart from a rollback', async () => {
      await writeCommits(lake, [
        commit('gb', '2025-11-14', '2025-11-15T01:30'),
        commit('gb', '2025-11-14', '2025-11-16T01:30', { status: 'unchanged' }),
        commit('gb', '2025-11-14', '2025-11-17T01:30', { status: 'failed' }),
        commit('gb', '2025-11-14', '2025-11-17T09:30', { status: 'rolled_back', actor: 'rollback' }),
      ]);
      const [row] = await query(lake, 'SELECT * FROM v_partition_updates');
      expect(row).toMatchObject({ updates: 2, confirmations: 1, holds: 0, failures: 1, runs: 4 });
      expect(row?.last_update_at).toMatch(/^2025-11-17T09:30/);
      expect(row?.last_refresh_at).toMatch(/^2025-11-16T01:30/);
    });
  });

  describe('v_settling_lag', () => {
    /** A partition that is committed at each of these lags and confirmed at the last. */
    const life = (date: string, changes: readonly number[], confirmed?: number) => {
      const at = (lag: number) => `${addDays(civilDate(date), lag)}T01:30`;
      return [
        ...changes.map((lag) => commit('gb', date, at(lag))),
        ...(confirmed === undefined ? [] : [commit('gb', date, at(confirmed), { status: 'unchanged' })]),
      ];
    };

    it('measures partitions that were watched from the start until they stood still', async () => {
      await writeCommits(lake, [
        ...life('2025-11-01', [1], 6),
        ...life('2025-11-02', [1, 2], 6),
        ...life('2025-11-03', [0, 1, 4], 6),
        // Still changing when it was last seen; seen too late; never seen changing by a run.
        ...life('2025-11-04', [1, 6]),
        ...life('2024-11-04', [365], 366),
      ]);
      expect(await query(lake, 'SELECT * FROM v_settling_lag')).toEqual([
        {
          source: 'racing',
          table_name: 'racing_results',
          target: 'gb',
          settled_partitions: 3,
          unsettled_partitions: 1,
          mean_lag_days: 7 / 3,
          max_lag_days: 4,
          lag_days_95: 4,
          suggested_window_days: 5,
        },
      ]);
    });

    it('lets one straggler in a hundred not widen the window', async () => {
      const steady = Array.from({ length: 99 }, (_, day) =>
        life(addDays(civilDate('2025-01-01'), day), [1], 6),
      );
      await writeCommits(lake, [...steady.flat(), ...life('2025-11-01', [1, 5], 6)]);
      const [row] = await query(lake, 'SELECT max_lag_days, suggested_window_days FROM v_settling_lag');
      expect(row).toEqual({ max_lag_days: 5, suggested_window_days: 2 });
    });
  });

  describe('the views over attempts', () => {
    const robotsWall = (daysAgo: number) => attempt(daysAgo, { ...WALL, item_id: 'robots.txt' });

    it('sum up statuses and kinds of wall, robots.txt left out', async () => {
      await attempts(attempt(1), attempt(2), attempt(3), robotsWall(1), attempt(400, WALL));
      const rows = await query(lake, 'SELECT * FROM v_attempt_summary ORDER BY status');
      expect(rows.map((row) => [row.status, row.block_type, row.attempts, row.percent_of_source])).toEqual([
        ['blocked', 'cloudflare', 1, 25],
        ['success', null, 3, 75],
      ]);
    });

    it('know the walls of 30 days, and the walls of every day, robots.txt left out', async () => {
      await attempts(
        robotsWall(0.5),
        attempt(0.5, WALL),
        attempt(29.5, WALL),
        attempt(30.5, { ...WALL, block_type: 'captcha' }),
        attempt(1),
      );
      expect(await query(lake, 'SELECT * FROM v_recent_blocks')).toHaveLength(2);
      const daily = await query(lake, 'SELECT * FROM v_daily_blocks');
      expect(daily.map((row) => [row.blocks, row.targets])).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);
      expect(daily.map((row) => row.block_type).sort()).toEqual(['captcha', 'cloudflare', 'cloudflare']);
    });

    it('give the success rate in all and of 7 days, robots.txt left out', async () => {
      await attempts(
        attempt(1, { ...TIMEOUT, item_id: 'robots.txt' }),
        attempt(2),
        attempt(6.5, TIMEOUT),
        attempt(7.5),
        attempt(100),
        attempt(100, { target: 'fr' }),
      );
      const rows = await query(lake, 'SELECT * FROM v_success_rate ORDER BY target');
      expect(rows).toMatchObject([
        { target: 'fr', attempts: 1, success_percent: 100, attempts_7_days: 0, success_percent_7_days: null },
        { target: 'gb', attempts: 4, success_percent: 75, attempts_7_days: 2, success_percent_7_days: 50 },
      ]);
    });

    it('give per cent with two decimals', async () => {
      await attempts(attempt(1), attempt(2, TIMEOUT), attempt(3, TIMEOUT));
      expect(await query(lake, 'SELECT success_percent, success_percent_7_days FROM v_success_rate')).toEqual(
        [{ success_percent: 33.33, success_percent_7_days: 33.33 }],
      );
      expect(await query(lake, 'SELECT percent_of_source FROM v_attempt_summary ORDER BY 1')).toEqual([
        { percent_of_source: 33.33 },
        { percent_of_source: 66.67 },
      ]);
    });

    it('offer for a retry what last ended in a time-out or an error, unless its target met a wall', async () => {
      await attempts(
        attempt(3, TIMEOUT),
        attempt(2, { ...TIMEOUT, item_id: 'race-2' }),
        attempt(1), // race-1 recovered
        attempt(3, { ...TIMEOUT, target: 'fr' }),
        attempt(2, { ...WALL, target: 'fr', item_id: 'race-9' }),
        attempt(3, { status: 'not_found', error_code: 'NOT_FOUND', target: 'ire' }),
        attempt(1, { ...TIMEOUT, target: 'ire', item_id: 'robots.txt' }),
      );
      const rows = await query(lake, 'SELECT target, item_id, error_code FROM v_retry_candidates');
      expect(rows).toEqual([{ target: 'gb', item_id: 'race-2', error_code: 'TIMEOUT' }]);
    });

    it('sum up the errors of 7 days, robots.txt left out', async () => {
      await attempts(
        robotsWall(1),
        attempt(1, { ...TIMEOUT, timing_ms: 300 }),
        attempt(2, { ...TIMEOUT, target: 'fr' }),
        attempt(8, TIMEOUT),
        attempt(1),
      );
      const rows = await query(lake, 'SELECT * FROM v_crawl_error_summary ORDER BY occurrences DESC');
      expect(rows).toMatchObject([
        { error_code: 'TIMEOUT', occurrences: 2, affected_targets: 2, mean_timing_ms: 200 },
        { error_code: 'SUCCESS', occurrences: 1, affected_targets: 1, mean_timing_ms: 100 },
      ]);
    });

    it('find an attempt that was made after midnight by a run of the day before', async () => {
      const late = attempt(6.9, WALL);
      const before = addDays(civilDate(late.attempted_at.slice(0, 10)), -1);
      await writeAttempts(lake, before, [late]);
      expect(await query(lake, 'SELECT * FROM v_crawl_error_summary')).toHaveLength(1);
    });
  });
});
