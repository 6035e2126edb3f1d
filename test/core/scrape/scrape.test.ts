import { afterEach, describe, expect, it } from 'vitest';
import { scrape } from '../../../core/scrape/scrape.ts';
import { type Fault, type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import type { ReadRow } from '../../e2e/support/lake-reading.ts';
import { asked, faults, ofRace, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const codes = (rows: readonly ReadRow[]) => rows.map((row) => row.error_code);

describe('a page that answers 406', () => {
  it.each([
    [1, [2000]],
    [2, [2000, 4000]],
    [3, [2000, 4000, 8000]],
  ])('to exactly %i requests is recovered after waits of %j ms', async (times, expected) => {
    session = await sessionWith(faults(rule(1, status(406), times)));
    const { end, waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual(expected);
    expect(end.summary.run).toMatchObject({
      status: 'succeeded',
      items_expected: session.amount.races,
      items_found: session.amount.races,
    });
    const rows = ofRace(session, await session.attempts(), 1);
    expect(codes(rows)).toEqual([...Array(times).fill('RATE_LIMITED'), 'SUCCESS']);
    expect(rows.map((row) => row.attempt_number)).toEqual(rows.map((_, at) => at + 1));
    expect(rows[0]).toMatchObject({ status: 'error', http_status_code: 406, rule: 'status/406' });
    expect(await session.failures()).toEqual([]);
  });

  it('to four requests in a row opens a failure, which the next run recovers', async () => {
    session = await sessionWith(faults(rule(1, status(406), 4)));
    const first = await session.run({ targets: ['gb'] });
    expect(first.waits).toEqual([2000, 4000, 8000]);
    expect(first.end.summary.run).toMatchObject({
      status: 'incomplete',
      items_found: session.amount.races - 1,
      items_failed: 1,
    });
    expect(first.end.summary.partitions[0]!.result).toMatchObject({
      status: 'committed',
      rows: session.amount.rows - session.site.truth('gb', DAY)[1]!.runners.length,
    });
    expect(await session.failures()).toMatchObject([
      { state: 'queued', code: 'RATE_LIMITED', attempts: 4, item: raceId(session, 1) },
    ]);

    const second = await session.run({ targets: ['gb'] });
    expect(second.end.summary.run).toMatchObject({
      status: 'succeeded',
      items_found: session.amount.races,
      items_failed: 0,
    });
    expect(second.end.summary.partitions[0]!.result).toMatchObject({
      status: 'committed',
      rows: session.amount.rows,
    });
    expect(await session.failures()).toMatchObject([{ state: 'recovered', closedBy: second.end.runId }]);
    expect(asked(session, 1)).toEqual([5]);
  });

  it('is left alone by the whole run for as long as its Retry-After says', async () => {
    session = await sessionWith(faults(rule(0, status(429, 25), 1)), {
      env: { RESCRAPE_RACING_CONCURRENCY: '1' },
    });
    await session.run({ targets: ['gb'] });
    const rows = (await session.attempts()).filter(
      (row) => row.item_id !== 'index' && row.item_id !== 'robots.txt',
    );
    const [limited, ...later] = rows.map((row) => Date.parse(String(row.attempted_at)));
    expect(rows[0]).toMatchObject({ error_code: 'RATE_LIMITED', http_status_code: 429 });
    expect(Math.min(...later) - limited!).toBeGreaterThanOrEqual(25_000);
  });
});

describe('the index of a day', () => {
  const index = (fault: Fault, times?: number): FaultPlan =>
    faults({ where: { path: `/results/${DAY}` }, fault, ...(times !== undefined && { times }) });

  it('that never comes leaves the partition failed and opens one failure, that of the index', async () => {
    session = await sessionWith(index(status(503)));
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
    session = await sessionWith({
      ...NO_FAULTS,
      rules: [...index(status(406), 2).rules, rule(0, status(406), 3)],
    });
    const { end, waits } = await session.run({ targets: ['gb'] });
    expect(waits).toEqual([2000, 4000, 2000, 4000, 8000]);
    expect(end.summary.run).toMatchObject({ status: 'succeeded', items_found: session.amount.races });
  });
});

describe('a scrape that has to stop', () => {
  it('asks to be called again, and then fetches only what is missing', async () => {
    session = await sessionWith(NO_FAULTS, { env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
    const work = await session.planned('gb');
    let tries = 0;
    expect(await scrape(session.platform, work, () => ++tries > 2)).toEqual({ done: false });
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 0, 0]);
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 1, 1]);
    expect(session.site.requests.filter(({ path }) => path === `/results/${DAY}`)).toHaveLength(1);
    expect(await scrape(session.platform, work)).toEqual({ done: true });
    expect(session.site.requests).toHaveLength(2 + session.amount.races);
  });
});
