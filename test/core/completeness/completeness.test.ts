import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { addDays, civilDate, datesBetween } from '../../../core/calendar/civil-date.ts';
import { completeness } from '../../../core/completeness/completeness.ts';
import type { CompletenessQuery } from '../../../core/completeness/query.ts';
import type { StateWrite } from '../../../core/ports/state-store.ts';
import { type PartitionRecord, PartitionStore } from '../../../core/state/partition-store.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { flagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { racing } from '../../../sources/racing/source.ts';

const TODAY = civilDate('2025-11-17');
const WEEK = { start: civilDate('2025-11-11'), end: TODAY, today: TODAY };
const at = (text: string) => Date.parse(`${text}Z`);

type Counts = Partial<Omit<PartitionRecord, 'target' | 'date' | 'freshAt'>>;

describe('completeness', () => {
  let directory: string;
  let state: ReturnType<typeof openSqliteStateStore>;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-completeness-'));
    state = openSqliteStateStore(join(directory, 'state.sqlite'));
  });
  afterEach(() => {
    state.close();
    rmSync(directory, { recursive: true });
  });

  const ask = (query: Partial<CompletenessQuery> = {}) =>
    completeness(state, racing, { ...WEEK, targets: ['gb'], ...query });

  /** A run over a window; ids sort by time, as UUIDv7 do. */
  async function run(start: string, end: string, startedAt: string, targets?: string[]): Promise<string> {
    const runId = `run-${startedAt}`;
    const input = { runId, source: 'racing', start, end, force: false, ...(targets && { targets }) };
    await new RunStore(state).begin(input, at(startedAt));
    return runId;
  }

  async function refresh(target: string, date: string, when: string, counts: Counts = {}): Promise<void> {
    await new PartitionStore(state).record(
      racing.table.name,
      { value: target, date: civilDate(date) },
      {
        status: 'committed',
        version: `version-${when}`,
        runId: `run-${when}`,
        at: at(when),
        order: 0,
        expected: 20,
        found: 20,
        empty: 0,
        carried: 0,
        failed: 0,
        rows: 180,
        held: null,
        reason: null,
        fresh: counts.status === undefined || counts.status === 'committed' || counts.status === 'unchanged',
        ...counts,
        settledRun: 0,
      },
    );
  }

  /** The whole week of gb, refreshed by one run. */
  async function wholeWeek(when = '2025-11-17T01:30', except: Record<string, Counts | 'none'> = {}) {
    await run('2025-11-11', '2025-11-17', when);
    for (const date of datesBetween(WEEK.start, WEEK.end)) {
      const own = except[date] ?? {};
      if (own !== 'none') await refresh('gb', date, when, own);
    }
  }

  async function statuses(query: Partial<CompletenessQuery> = {}) {
    const report = await ask(query);
    return Object.fromEntries(report.targets[0]!.dates.map(({ date, status }) => [date, status]));
  }

  it('is proven where every date was refreshed by its last run and every item is there, but for today', async () => {
    await wholeWeek();
    expect(await ask({ end: addDays(TODAY, -1) })).toMatchObject({
      verdict: 'complete',
      reasons: [],
      partitions: { complete: 6, open: 0, missing: 0 },
    });
    const report = await ask();
    expect(report).toMatchObject({
      verdict: 'open',
      reasons: [],
      partitions: { complete: 6, open: 1, missing: 0 },
    });
    expect(report.targets[0]!.dates.at(-1)).toMatchObject({ status: 'open', reason: 'its day is not over' });
    expect(report.targets[0]).toMatchObject({
      target: 'gb',
      skipped: null,
      statistics: { days: 7, mean: 20, median: 20, stddev: 0, min: 20, max: 20 },
      items: { expected: 140, failed: 0, carried: 0 },
      rows: 7 * 180,
      suspicious: [],
    });
    expect(report.targets[0]!.dates).toHaveLength(7);
  });

  it('is refuted by a date that was never committed, and says what was tried', async () => {
    await wholeWeek('2025-11-17T01:30', {
      '2025-11-13': {
        status: 'failed',
        version: null,
        found: 0,
        rows: 0,
        expected: null,
        reason: 'index: TIMEOUT',
      },
      '2025-11-14': 'none',
    });
    const report = await ask();
    expect(report.verdict).toBe('incomplete');
    expect(report.reasons).toEqual([{ status: 'missing', partitions: 2 }]);
    const reasons = report.targets[0]!.dates.filter(({ status }) => status === 'missing').map(
      ({ reason }) => reason,
    );
    expect(reasons).toEqual([
      'there is no current version; last try: index: TIMEOUT',
      'never published: run run-2025-11-17T01:30 of 2025-11-17 01:30 UTC is under way, or was interrupted',
    ]);
  });

  it('does not count dates after today as missing', async () => {
    await wholeWeek();
    const report = await ask({ end: civilDate('2025-11-19') });
    expect(report.verdict).toBe('open');
    expect(report.partitions).toMatchObject({ upcoming: 2, missing: 0, complete: 6, open: 1 });
    expect(
      (await ask({ end: civilDate('2025-11-19'), today: civilDate('2025-11-18') })).partitions,
    ).toMatchObject({
      upcoming: 1,
      missing: 1,
    });
  });

  it('is refuted by items that failed, and tells which of them keep rows from before', async () => {
    await wholeWeek('2025-11-17T01:30', { '2025-11-12': { found: 17, carried: 1, failed: 3 } });
    const report = await ask();
    expect(report.reasons).toEqual([{ status: 'incomplete', partitions: 1 }]);
    expect(report.targets[0]!.dates[1]).toMatchObject({
      expected: 20,
      found: 17,
      failed: 3,
      carried: 1,
      reason: '3 items failed, 1 of them carried over from before',
    });
    // 17 found and 1 carried over are there.
    expect(report.targets[0]!.statistics).toMatchObject({ min: 18, max: 20 });
  });

  it('is refuted by a version that is held, whose counts stay out of the statistics', async () => {
    await wholeWeek('2025-11-17T01:30', {
      '2025-11-12': { status: 'held', held: 'version-x', found: 6, reason: '50 rows instead of 180' },
    });
    const report = await ask();
    expect(report.reasons).toEqual([{ status: 'held', partitions: 1 }]);
    expect(report.targets[0]!.dates[1]?.reason).toBe('50 rows instead of 180');
    expect(report.targets[0]!.statistics).toMatchObject({ days: 6, min: 20 });
  });

  it('takes an empty day for complete, because only the index of the source makes one', async () => {
    await wholeWeek('2025-11-17T01:30', { '2025-11-12': { expected: 0, found: 0, rows: 0 } });
    // With a week on record the empty day is improbable; a Christmas in years of days is not.
    expect((await statuses())['2025-11-12']).toBe('suspicious');
    expect((await ask()).verdict).toBe('suspicious');
    for (let year = 2005; year < 2025; year++) {
      for (let day = 1; day <= 8; day++)
        await refresh('gb', `${year}-11-0${day}`, '2025-11-01T01:30', {
          found: day % 3 ? 20 : 0,
          expected: day % 3 ? 20 : 0,
        });
    }
    expect((await statuses())['2025-11-12']).toBe('empty');
  });

  it('neither accuses a day that is not over nor measures others by it', async () => {
    const early = '2025-11-17T01:30';
    await wholeWeek(early, { '2025-11-17': { expected: 0, found: 0, rows: 0 } });
    const report = await ask({ now: at(early) });
    expect(report.targets[0]).toMatchObject({ suspicious: [], statistics: { days: 7, min: 0 } });
    expect(report.targets[0]!.dates.at(-1)).toMatchObject({ status: 'open', reason: 'its day is not over' });
    // The next day nobody has looked again: what was there at half past one tells nothing of the whole day.
    const next = await ask({ today: addDays(TODAY, 1), now: at('2025-11-18T01:00') });
    expect(next.targets[0]).toMatchObject({ suspicious: [] });
    expect(next.targets[0]!.dates.at(-1)).toMatchObject({ status: 'open' });
    // With the empty day among the others 12 of 20 would be usual.
    await refresh('gb', '2025-11-14', '2025-11-17T01:31', { expected: 12, found: 12 });
    expect((await statuses())['2025-11-14']).toBe('suspicious');
    await refresh('gb', '2025-11-17', '2025-11-18T01:30', { expected: 0, found: 0, rows: 0 });
    const later = await ask({ today: addDays(TODAY, 1), now: at('2025-11-18T02:00') });
    expect(later.targets[0]!.dates.at(-1)).toMatchObject({ status: 'suspicious' });
  });

  it('casts doubt on a day with too few items, and measures it by days outside the range', async () => {
    await wholeWeek('2025-11-17T01:30', { '2025-11-16': { expected: 9, found: 9, rows: 60 } });
    const oneDay = await ask({ start: addDays(TODAY, -1), end: addDays(TODAY, -1) });
    expect(oneDay.verdict).toBe('suspicious');
    expect(oneDay.reasons).toEqual([{ status: 'suspicious', partitions: 1 }]);
    expect(oneDay.partitions.suspicious).toBe(1);
    expect(oneDay.targets[0]!.suspicious[0]?.reason).toBe('9 items; usual 20.0 ± 0.0');
    expect(oneDay.targets[0]!.statistics).toEqual({
      days: 1,
      mean: 9,
      median: 9,
      stddev: null,
      min: 9,
      max: 9,
    });
  });

  describe('calls a date stale', () => {
    it('that the last run of its window did not refresh', async () => {
      await wholeWeek('2025-11-16T01:30');
      await run('2025-11-11', '2025-11-17', '2025-11-17T01:30');
      await refresh('gb', '2025-11-11', '2025-11-17T01:31', { status: 'unchanged' });
      const found = await statuses();
      expect(found).toMatchObject({ '2025-11-11': 'complete', '2025-11-12': 'stale', '2025-11-17': 'stale' });
    });

    it('but not while the run is under way that is to refresh it, which is judged when it has ended', async () => {
      const [first, second] = ['2025-11-16T01:30', '2025-11-17T01:30'];
      const runs = new RunStore(state);
      const begun = await run('2025-11-10', '2025-11-16', first);
      for (const date of datesBetween(WEEK.start, addDays(TODAY, -1))) await refresh('gb', date, first);
      await runs.finish('racing', begun, { status: 'succeeded', at: at(first) });
      const runId = await run('2025-11-11', '2025-11-17', second);
      const now = at('2025-11-17T01:40');
      const underWay = await ask({ now });
      expect(underWay.reasons).toEqual([]);
      expect(underWay.partitions).toMatchObject({ stale: 0, missing: 0 });
      expect(underWay.targets[0]!.dates.at(-1)).toMatchObject({
        status: 'open',
        reason: expect.stringMatching(/^its day is not over, and run .* is under way/),
      });
      // A day of which no run has ever brought anything is missing, whoever is at it.
      const [older] = (await ask({ now, start: addDays(TODAY, -7), targets: ['fr'] })).targets;
      expect(older!.dates[1]).toMatchObject({
        status: 'missing',
        reason: expect.stringContaining('is under way'),
      });
      // What did not end in a day was interrupted; and the summary of the run judges it as ended.
      expect((await ask({ now: now + 86_400_000 })).partitions.stale).toBe(6);
      expect((await ask({ now, ended: runId })).partitions).toMatchObject({ stale: 6, missing: 1 });
      await runs.finish('racing', runId, { status: 'incomplete', at: now });
      expect((await ask({ now })).partitions).toMatchObject({ stale: 6, missing: 1 });
    });

    it('whose last refresh failed, with the reason', async () => {
      await wholeWeek('2025-11-16T01:30');
      await wholeWeek('2025-11-17T01:30', { '2025-11-12': { status: 'failed', reason: 'index: BLOCKED' } });
      const report = await ask();
      expect(report.reasons).toEqual([{ status: 'stale', partitions: 1 }]);
      expect(report.targets[0]!.dates[1]).toMatchObject({
        status: 'stale',
        reason: 'its last refresh failed: index: BLOCKED',
        freshAt: '2025-11-16T01:30:00.000Z',
      });
    });

    it('whatever a later backfill of other dates did', async () => {
      await wholeWeek('2025-11-16T01:30');
      await run('2025-11-11', '2025-11-17', '2025-11-17T01:30');
      const backfill = '2025-11-17T09:00';
      await run('2020-01-01', '2020-01-03', backfill);
      for (const date of ['2020-01-01', '2020-01-02', '2020-01-03']) await refresh('gb', date, backfill);
      expect((await ask()).reasons).toEqual([{ status: 'stale', partitions: 7 }]);
      const old = await ask({ start: civilDate('2020-01-01'), end: civilDate('2020-01-03') });
      expect(old.verdict).toBe('complete');
    });

    it('no more once a person has accepted or rejected what the run brought', async () => {
      await wholeWeek('2025-11-16T01:30');
      await wholeWeek('2025-11-17T01:30', {
        '2025-11-12': { status: 'held', held: 'v', reason: 'few rows' },
      });
      expect((await statuses())['2025-11-12']).toBe('held');
      await refresh('gb', '2025-11-12', '2025-11-17T08:00', { status: 'accepted' });
      expect((await statuses())['2025-11-12']).toBe('complete');
      await wholeWeek('2025-11-18T01:30', { '2025-11-12': { status: 'rolled_back' } });
      expect((await statuses())['2025-11-12']).toBe('stale');
    });

    it('whose version waits, when a refresh after it failed: it is held, with both reasons', async () => {
      await wholeWeek('2025-11-16T01:30');
      const held = { status: 'held', held: 'v', reason: 'few rows' } as const;
      await wholeWeek('2025-11-17T01:30', { '2025-11-12': held });
      const failed = { status: 'failed', reason: 'index: TIMEOUT' } as const;
      await wholeWeek('2025-11-18T01:30', { '2025-11-12': failed });
      await wholeWeek('2025-11-19T01:30', { '2025-11-12': { ...failed, reason: 'index: BLOCKED' } });
      expect((await ask()).targets[0]!.dates[1]).toMatchObject({
        status: 'held',
        reason: 'few rows; its last refresh failed: index: BLOCKED',
      });
    });

    it('only for the targets that the run was asked for', async () => {
      await wholeWeek('2025-11-16T01:30');
      await run('2025-11-11', '2025-11-17', '2025-11-17T01:30', ['fr']);
      expect((await ask()).verdict).toBe('open');
    });

    it('with the skip flag of its target as the reason', async () => {
      await wholeWeek('2025-11-16T01:30');
      await run('2025-11-11', '2025-11-17', '2025-11-17T01:30');
      const flag = { reason: 'security_block_one_attempt', actor: 'rescrape', at: at('2025-11-16T02:00') };
      await new TargetStore(state).update('racing', 'gb', (record) => flagged(record, flag), flag);
      const [gb] = (await ask()).targets;
      expect(gb?.skipped).toMatchObject({ reason: flag.reason, since: '2025-11-16T02:00:00.000Z' });
      expect(gb?.dates[0]?.reason).toBe('not refreshed: the target is skipped (security_block_one_attempt)');
    });
  });

  it('answers for every target in the order of the source, and refuses one that it has not', async () => {
    await wholeWeek();
    const report = await completeness(state, racing, WEEK);
    expect(report.targets.map(({ target }) => target)).toEqual(['gb', 'ire', 'fr']);
    expect(report.partitions).toMatchObject({ complete: 6, open: 1, missing: 14 });
    await expect(ask({ targets: ['de'] })).rejects.toThrow(/has no target "de"; it has: gb, ire, fr/);
  });

  describe('calls a date open', () => {
    it('of which items have no result yet, and incomplete where they have none two days after its end', async () => {
      await wholeWeek('2025-11-17T01:30', { '2025-11-12': { pending: 2, found: 18, expected: 18 } });
      expect((await ask({ today: civilDate('2025-11-15') })).targets[0]!.dates[1]).toMatchObject({
        status: 'incomplete',
        reason: '2 items still without a result',
      });
      const report = await ask({ end: civilDate('2025-11-13'), today: civilDate('2025-11-14') });
      expect(report).toMatchObject({ verdict: 'open', reasons: [], partitions: { open: 1, complete: 2 } });
      expect(report.targets[0]!.dates[1]).toMatchObject({
        status: 'open',
        pending: 2,
        reason: '2 items have no result yet',
      });
      expect(report.targets[0]!.items).toMatchObject({ pending: 2, expected: 58 });
    });

    it('whose last look came before its day was over in its own time zone', async () => {
      const dates = { start: civilDate('2025-07-10'), end: civilDate('2025-07-11') };
      // 22:59 and 23:01 in UTC are this and the next day in London's summer.
      await refresh('gb', '2025-07-10', '2025-07-10T22:59');
      await refresh('gb', '2025-07-11', '2025-07-11T23:01');
      const { targets } = await ask(dates);
      expect(targets[0]!.dates.map(({ status, reason }) => [status, reason])).toEqual([
        ['open', 'its day was not over when it was refreshed'],
        ['complete', null],
      ]);
    });

    it('only where nothing worse is to be said of it, and stays incomplete beside it', async () => {
      await wholeWeek('2025-11-17T01:30', { '2025-11-17': { pending: 3, failed: 1 } });
      expect((await statuses())['2025-11-17']).toBe('incomplete');
      expect((await ask()).verdict).toBe('incomplete');
    });
  });

  it('is in doubt where the index took items away', async () => {
    await wholeWeek('2025-11-17T01:30', { '2025-11-12': { withdrawn: { count: 2, ids: ['4711', '4712'] } } });
    const { verdict, targets } = await ask({ end: civilDate('2025-11-16') });
    expect(verdict).toBe('suspicious');
    expect(targets[0]!.items.withdrawn).toBe(2);
    expect(targets[0]!.dates[1]).toMatchObject({
      status: 'suspicious',
      withdrawn: 2,
      withdrawnItems: ['4711', '4712'],
      reason: '2 items with rows withdrawn by the index (4711, 4712)',
    });
  });

  it('is refuted by items that have rows in common', async () => {
    const repeated = ['items 4711 and 4712 have 6 rows in common, the first with off 13:10'];
    await wholeWeek('2025-11-17T01:30', { '2025-11-12': { repeated } });
    const { reasons, targets } = await ask();
    expect(reasons).toEqual([{ status: 'incomplete', partitions: 1 }]);
    expect(targets[0]!.dates[1]!.reason).toBe(repeated[0]);
  });

  it('counts a day whose items are abandoned by what its index lists, and not as a short one', async () => {
    await wholeWeek('2025-11-17T01:30', { '2025-11-12': { expected: 5, found: 5, abandoned: 15, rows: 40 } });
    expect((await statuses())['2025-11-12']).toBe('complete');
    await wholeWeek('2025-11-17T02:30', { '2025-11-12': { expected: 0, found: 0, abandoned: 20, rows: 0 } });
    expect((await statuses())['2025-11-12']).toBe('complete');
  });

  it('reads records of before items without a result were told apart', async () => {
    const value = {
      ...{ value: 'gb', date: '2025-11-12', status: 'committed', version: 'v', runId: 'r', at: 1 },
      ...{ freshAt: at('2025-11-17T01:30'), expected: 20, found: 18, empty: 2, carried: 0, failed: 0 },
      ...{ rows: 180, held: null, reason: null },
    };
    const key = { partition: `partitions#${racing.table.name}`, sort: 'gb#2025-11-12' };
    await state.write([{ kind: 'put', ...key, value, expect: 'absent' }]);
    const report = await ask({ start: civilDate('2025-11-12'), end: civilDate('2025-11-12') });
    expect(report.targets[0]!.dates[0]).toMatchObject({
      status: 'complete',
      expected: 18,
      found: 18,
      empty: 2,
    });
  });

  it('is plain JSON', async () => {
    await wholeWeek();
    const report = await ask();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('of ten years of three targets counts every date', async () => {
    const start = addDays(TODAY, -3652);
    const lastRefresh = {
      status: 'committed',
      version: 'v',
      runId: 'run-2',
      at: 2,
      freshAt: at('2025-11-18T01:30'),
      expected: 20,
      found: 20,
    };
    const counts = { empty: 0, carried: 0, failed: 0, rows: 180, held: null, reason: null };
    const writes = racing.targets.flatMap(({ id: target }) =>
      [...datesBetween(start, TODAY)].map(
        (date): StateWrite => ({
          kind: 'put',
          partition: `partitions#${racing.table.name}`,
          sort: `${target}#${date}`,
          value: { ...lastRefresh, ...counts, target, date },
        }),
      ),
    );
    for (let from = 0; from < writes.length; from += 100) await state.write(writes.slice(from, from + 100));
    const runs = [...datesBetween(start, TODAY)].map((end): StateWrite => {
      const runId = `run-${end}`;
      const input = { runId, source: 'racing', start: addDays(end, -6), end, force: false };
      const value = { input, status: 'succeeded', startedAt: 1, finishedAt: 2, message: null };
      return { kind: 'put', partition: 'runs#racing', sort: runId, value };
    });
    for (let from = 0; from < runs.length; from += 100) await state.write(runs.slice(from, from + 100));

    const report = await completeness(state, racing, { start, end: TODAY, today: TODAY });
    expect(report.partitions.complete).toBe(3 * 3652);
  });
});
