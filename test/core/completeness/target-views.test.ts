import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { AttemptRow } from '../../../core/lake/log-tables.ts';
import { flagged, unflagged } from '../../../core/targets/flags.ts';
import { crawlHealth } from '../../../core/targets/health.ts';
import { leftOutOf, scheduleStatus } from '../../../core/targets/schedule-status.ts';
import { newTarget, type TargetRecord } from '../../../core/targets/target.ts';
import { dayOf } from '../../../core/targets/target-day.ts';
import { targetRow } from '../../../core/targets/target-row.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';
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
  writeTargets,
} from './lake-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The date of `NOW` in Phoenix. */
const TODAY = '2025-11-17';
const EVERY = 240;

function record(id: string, change: Partial<TargetRecord> = {}): TargetRecord {
  const attributes = { state: 'AZ', path: id, name: `The ${id}`, tier: 'tier1' };
  return {
    ...newTarget('kitchens', id),
    attributes,
    registeredAt: NOW - 30 * DAY,
    nextCrawlAt: NOW + HOUR,
    ...change,
  };
}
const flag = (of: TargetRecord, daysAgo: number, minutes?: number) =>
  flagged(of, { reason: 'wall', actor: 'ann', at: NOW - daysAgo * DAY, ...(minutes && { minutes }) });

const RECORDS: readonly TargetRecord[] = [
  record('a', { lastSuccessAt: NOW - HOUR, totalAttempts: 3, totalSuccesses: 2, recordCount: 7 }),
  record('b', { nextCrawlAt: NOW - 1 }),
  record('c', { nextCrawlAt: null }),
  record('d', { status: 'degraded', consecutiveFailures: 3, nextCrawlAt: NOW - HOUR }),
  record('e', { status: 'failed', consecutiveFailures: 10, failedAt: NOW - DAY, failureNotes: 'ten' }),
  record('f', { status: 'paused', nextCrawlAt: NOW - HOUR }),
  flag(record('g', { nextCrawlAt: NOW - HOUR }), 1),
  flag(record('h', { nextCrawlAt: NOW - HOUR }), 9),
  flag(record('i', { nextCrawlAt: NOW - HOUR }), 1, 60),
  record('j', { attributes: { state: 'AZ', path: '' } }),
];

describe('the views over targets', () => {
  let it_: Lake;
  beforeEach(() => {
    it_ = openLake();
  });
  afterEach(() => it_.close());

  const ask = (sql: string) => query(it_.lake, sql, [kitchens]);
  /** Rows that were written so many hours before they are asked. */
  async function write(records: readonly TargetRecord[], hoursAgo = 0, date = TODAY): Promise<void> {
    const day = dayOf(civilDate(date), kitchens.timeZone);
    const rows = records.map((each) => targetRow(kitchens, each, day, NOW - hoursAgo * HOUR));
    await writeTargets(it_.lake, 'kitchens', date, rows);
  }
  const attempt = (target: string, daysAgo: number, change: Partial<AttemptRow> = {}): AttemptRow => ({
    ...EARLIER_ATTEMPT,
    attempt_id: `${target}-${1000 - daysAgo}`,
    source: 'kitchens',
    target,
    item_id: target,
    attempted_at: new Date(NOW - daysAgo * DAY).toISOString(),
    ...change,
  });
  async function attempts(...rows: readonly AttemptRow[]): Promise<void> {
    for (const row of rows) await writeAttempts(it_.lake, row.attempted_at.slice(0, 10), [row]);
  }
  const wall = { status: 'blocked', error_code: 'BLOCKED', block_type: 'waf' } as const;
  const gone = { status: 'not_found', error_code: 'NOT_FOUND' } as const;

  it('tell the schedule status as the platform does, whenever they are asked', async () => {
    await write(RECORDS, 3);
    const rows = await ask('SELECT target, schedule_status FROM v_crawler_status ORDER BY target');
    expect(rows).toEqual(
      RECORDS.map((each) => ({ target: each.target, schedule_status: scheduleStatus(kitchens, each, NOW) })),
    );
    expect(new Set(rows.map((row) => row.schedule_status))).toEqual(
      new Set([
        ...['SCHEDULED', 'DUE', 'NOT_SCHEDULED', 'DEGRADED', 'FAILED', 'PAUSED', 'SKIPPED', 'NEEDS_URL'],
      ]),
    );
  });

  it('tell of each target as the last day of its source has it, and of none that is gone', async () => {
    await write([record('a', { totalAttempts: 1 }), record('z')], 24, '2025-11-16');
    await write([RECORDS[0]!]);
    expect(await ask('SELECT * FROM v_crawler_status')).toMatchObject([
      {
        ...{
          source: 'kitchens',
          target: 'a',
          name: 'The a',
          state: 'AZ',
          tier: 'tier1',
          crawl_status: 'active',
        },
        ...{ total_attempts: 3, total_successes: 2, success_rate: 66.7, record_count: 7, is_skipped: false },
        ...{ crawl_frequency_minutes: 240, max_retries: 2, backoff_multiplier: 1, consecutive_failures: 0 },
      },
    ]);
  });

  it('give the health of a source as the command does', async () => {
    await write(RECORDS);
    const isDue = (each: TargetRecord) =>
      leftOutOf(kitchens, each, { now: NOW, every: EVERY, all: false }) === undefined;
    const health = crawlHealth(
      RECORDS.map((each) => ({ record: each, isDue: isDue(each) })),
      NOW,
    );
    expect(await ask('SELECT * FROM v_crawl_health')).toEqual([{ source: 'kitchens', ...health }]);
    expect(health).toMatchObject({ due_now: 4, skipped: 2, successful_last_24h: 1, failed_crawlers: 1 });
  });

  it('list who was flagged in the last 7 days', async () => {
    await write(RECORDS);
    const rows = await ask(
      'SELECT target, name, state, skip_reason, skip_actor FROM v_flagged_targets ORDER BY 1',
    );
    expect(rows).toEqual([
      { target: 'g', name: 'The g', state: 'AZ', skip_reason: 'wall', skip_actor: 'ann' },
      { target: 'i', name: 'The i', state: 'AZ', skip_reason: 'wall', skip_actor: 'ann' },
    ]);
  });

  it('list whom to skip: flagged, or at 3 walls or 4 pages gone since the last flag was lifted', async () => {
    const lifted = unflagged(flag(record('c'), 8), NOW - 5 * DAY);
    await write([record('a'), record('b'), lifted, ...RECORDS.slice(6, 9)]);
    const three = (target: string, from: number, change: Partial<AttemptRow>) =>
      [0, 1, 2].map((step) => attempt(target, from + step, change));
    await attempts(
      ...three('a', 1, wall),
      attempt('a', 9, { ...wall, block_type: 'cloudflare' }),
      ...three('b', 1, gone),
      ...three('c', 6, wall),
      attempt('c', 1, wall),
      ...three('q', 1, gone),
      attempt('q', 9, gone),
      // Five dead items of one list say nothing of their target.
      ...[0, 1, 2, 3, 4].map((n) => attempt('d', 1, { ...gone, item_id: `item-${n}` })),
      attempt('g', 1, wall),
      ...three('f', 1, { ...wall, item_id: 'robots.txt' }),
      attempt('g', 1, { ...wall, item_id: 'robots.txt' }),
    );
    const rows = await ask(
      'SELECT target, name, reason, flagged, attempts, blocks, not_found, block_types FROM v_targets_to_skip ORDER BY target',
    );
    const nobody = { attempts: 0, blocks: 0, not_found: 0, block_types: null };
    expect(rows).toEqual([
      {
        ...{ target: 'a', name: 'The a', reason: 'auto_flag_3_blocks', flagged: false },
        ...{ attempts: 4, blocks: 4, not_found: 0, block_types: 'cloudflare, waf' },
      },
      {
        target: 'g',
        name: 'The g',
        reason: 'wall',
        flagged: true,
        ...nobody,
        attempts: 1,
        blocks: 1,
        block_types: 'waf',
      },
      { target: 'h', name: 'The h', reason: 'wall', flagged: true, ...nobody },
      {
        target: 'q',
        name: null,
        reason: 'auto_flag_4_not_found',
        flagged: false,
        ...nobody,
        attempts: 4,
        not_found: 4,
      },
    ]);
  });

  it('put names to walls, rates and what may be tried again, which nobody is that is flagged', async () => {
    await write(RECORDS);
    const late = { status: 'timeout', error_code: 'TIMEOUT' } as const;
    await attempts(attempt('a', 1, late), attempt('g', 1, late), attempt('b', 1, wall));
    expect(await ask('SELECT target, name, state FROM v_retry_candidates')).toEqual([
      { target: 'a', name: 'The a', state: 'AZ' },
    ]);
    expect(await ask('SELECT target, name, block_type FROM v_recent_blocks')).toEqual([
      { target: 'b', name: 'The b', block_type: 'waf' },
    ]);
    expect(
      await ask('SELECT target, name, attempts, blocked, timeouts FROM v_success_rate ORDER BY 1'),
    ).toEqual([
      { target: 'a', name: 'The a', attempts: 1, blocked: 0, timeouts: 1 },
      { target: 'b', name: 'The b', attempts: 1, blocked: 1, timeouts: 0 },
      { target: 'g', name: 'The g', attempts: 1, blocked: 0, timeouts: 1 },
    ]);
  });

  it('call a partition incomplete whose targets were due that day and not crawled, and missing only then', async () => {
    const crawled = {
      lastCrawl: { date: '2025-11-15', code: 'SUCCESS', dueAt: null, previousAt: null },
    } as const;
    const ofKitchens = {
      source: 'kitchens',
      table_name: kitchens.table.name,
      items_found: 1,
      items_expected: 1,
    };
    const day = (date: string) => commit('AZ', date, `${date}T22:00`, ofKitchens);
    await writeCommits(it_.lake, [
      ...['2025-11-13', '2025-11-14', '2025-11-15', TODAY].map(day),
      commit('gb', '2025-11-13', '2025-11-17T22:00'),
      commit('gb', '2025-11-15', '2025-11-17T22:00'),
    ]);
    await writeRun(it_.lake, TODAY, TODAY);
    await write(
      [record('a', { ...crawled, nextCrawlAt: NOW }), record('b', { nextCrawlAt: NOW })],
      48,
      '2025-11-15',
    );
    await write([record('a', crawled), record('b', { nextCrawlAt: NOW - 9 * DAY })], 96, '2025-11-14');
    await write([record('a', { nextCrawlAt: NOW - DAY })], 24, '2025-11-16');
    await write([record('b', { nextCrawlAt: NOW - DAY })]);
    const rows = await ask(
      "SELECT partition_date, standing, targets_uncrawled FROM v_completeness WHERE target = 'AZ' ORDER BY 1",
    );
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['2025-11-13', 'open', 0],
      ['2025-11-14', 'incomplete', 2],
      ['2025-11-15', 'complete', 0],
      [TODAY, 'open', 1],
    ]);
    const missing = await ask('SELECT source, target, missing_date FROM v_missing_dates ORDER BY 1, 2, 3');
    expect(missing.map((row) => Object.values(row))).toEqual([
      ['kitchens', 'AZ', '2025-11-16'],
      ...['2025-11-14', '2025-11-16', TODAY].map((date) => ['racing', 'gb', date]),
    ]);
  });
});
