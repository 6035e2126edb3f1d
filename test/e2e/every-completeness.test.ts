import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import { completeness } from '../../core/completeness/completeness.ts';
import { why } from '../../core/explain/why.ts';
import { planKey, reportKey } from '../../core/lake/layout.ts';
import { plan } from '../../core/run/plan.ts';
import { reparse } from '../../core/run/reparse.ts';
import { readWorkList } from '../../core/run/work-list.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import { RunStore } from '../../core/state/run-store.ts';
import { flagged } from '../../core/targets/flags.ts';
import { paused } from '../../core/targets/transitions.ts';
import { dishes, inArizona, KitchenSite } from './support/kitchen-site.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.start();
  serveAll();
  const fig = { id: 'fig', attributes: { state: 'CA', path: 'fig' } };
  await site.register(...['elm', 'oak', 'yew'].map(inArizona), fig);
  await site.toHour(10);
});
afterEach(() => site.close());

function serveAll(): void {
  for (const id of ['elm', 'oak', 'yew', 'fig']) site.pages[id] = dishes(['Soup', '1.00']);
}
const gone = (id: string) => void delete site.pages[id];
const judge = (start: CivilDate, end = start, withTable = true) =>
  completeness(site.platform.state, site.source, {
    ...{ start, end, today: site.today(), now: site.clock.now() },
    ...(withTable && { lake: site.platform.lake }),
  });
/** The state of the kitchens of Arizona on a date. */
async function arizona(date: CivilDate, withTable = true) {
  const report = await judge(date, date, withTable);
  return report.targets.find(({ target }) => target === 'AZ')!.dates[0]!;
}

describe('completeness of a source crawled target by target', () => {
  it('is open while the day lasts, and complete when all that was due is there', async () => {
    await site.run();
    const date = site.today();
    expect(await arizona(date)).toMatchObject({ status: 'open', targets: { expected: 3, found: 3, due: 0 } });
    expect((await judge(date)).verdict).toBe('open');
    await site.toHour(1);
    expect(await arizona(date)).toMatchObject({ status: 'complete', reason: null, expected: 3, found: 3 });
    expect((await judge(date)).verdict).toBe('complete');
  });

  it('names who was due and not crawled, and tells skipped, paused and not ready apart', async () => {
    const id = 'ash';
    await site.register({ id, attributes: { state: 'AZ', path: '' } });
    await site.change('yew', (record) =>
      flagged(record, { reason: 'wall', actor: 'ann', at: site.clock.now() }),
    );
    await site.run({ targets: ['elm'] });
    const date = site.today();
    expect(await arizona(date)).toMatchObject({
      status: 'open',
      targets: { expected: 3, found: 1, due: 1, skipped: 1 },
    });
    await site.toHour(1);
    expect(await arizona(date)).toMatchObject({
      status: 'incomplete',
      reason: '1 target due and not crawled (oak); 1 target due and skipped (yew)',
      targets: {
        expected: 3,
        found: 1,
        due: 1,
        skipped: 1,
        not_ready: 1,
        names: { due: ['oak'], skipped: ['yew'], not_ready: [id] },
      },
    });
    await site.change('oak', paused);
    await site.run();
    expect(await arizona(date)).toMatchObject({ status: 'incomplete', targets: { due: 1 } });
    expect(await arizona(site.today())).toMatchObject({ status: 'open', targets: { paused: 1, found: 1 } });
  });

  it('counts a target behind a flag among those that are expected, on the days on which it is due', async () => {
    await site.change('yew', (record) => ({ ...record, crawlFrequencyMinutes: 2 * 24 * 60 }));
    await site.run();
    const whole = site.today();
    await site.toHour(10);
    await site.change('yew', (record) =>
      flagged(record, { reason: 'wall', actor: 'ann', at: site.clock.now() }),
    );
    await site.run();
    const early = site.today();
    await site.toHour(11);
    await site.run();
    const lacking = site.today();
    await site.toHour(1);
    await site.run();
    expect(await arizona(whole)).toMatchObject({ status: 'complete', targets: { expected: 3, found: 3 } });
    // Flagged or not, nothing of it was due that day.
    expect(await arizona(early)).toMatchObject({
      status: 'complete',
      targets: { expected: 2, found: 2, not_due: 1 },
    });
    expect(await arizona(lacking)).toMatchObject({
      status: 'incomplete',
      reason: '1 target due and skipped (yew)',
      targets: { expected: 3, found: 2, skipped: 1 },
    });
    const [row] = await site.query(
      `SELECT standing, targets_uncrawled FROM v_completeness WHERE target = 'AZ' AND partition_date = DATE '${lacking}'`,
    );
    expect(row).toEqual({ standing: 'incomplete', targets_uncrawled: 1 });
  });

  it('tells a crawl that failed, and that it was healed', async () => {
    gone('oak');
    await site.run();
    const date = site.today();
    await site.clock.sleep(5 * HOUR);
    // That others are crawled again heals nothing.
    await site.run({ targets: ['elm', 'yew'] });
    await site.toHour(1);
    const failed = {
      status: 'incomplete',
      targets: { expected: 3, found: 2, failed: 1, names: { failed: ['oak'] } },
    };
    expect(await arizona(date)).toMatchObject(failed);
    expect((await arizona(date)).reason).toBe('1 item failed; 1 target crawled and not whole (oak)');
    await site.toHour(10);
    await site.run({ all: true });
    const next = site.today();
    expect(await arizona(next)).toMatchObject({ status: 'incomplete', targets: { found: 2, failed: 1 } });
    serveAll();
    await site.clock.sleep(5 * HOUR);
    await site.run({ targets: ['oak'], all: true });
    await site.toHour(1);
    expect(await arizona(next)).toMatchObject({ status: 'complete', targets: { found: 3, failed: 0 } });
  });

  it('is not complete where a crawl began and never ended, nor where nothing was published', async () => {
    await site.run({ targets: ['oak', 'yew', 'fig'] });
    const date = site.today();
    await site.claim('elm', 'lost');
    await site.clock.sleep(13 * HOUR);
    const work = { runId: site.platform.newId(), source: 'kitchens', value: 'AZ', date, force: false };
    expect((await arizona(date)).targets).toMatchObject({ found: 2, due: 1 });
    await scrape(site.platform, { ...work, targets: ['elm'] });
    await site.toHour(1);
    expect(await arizona(date)).toMatchObject({
      status: 'incomplete',
      reason:
        '3 targets crawled whole, and 2 items there: a run was interrupted, and "reparse" brings back what it fetched',
    });
  });

  it('tells of a run that was interrupted, and that its captures bring back what it had fetched', async () => {
    const date = site.today();
    const request = { source: 'kitchens', start: date, end: date, force: false };
    await plan(site.platform, { ...request, runId: site.platform.newId() });
    const { runId } = (await new RunStore(site.platform.state).last('kitchens'))!.input;
    for await (const work of readWorkList(site.platform, planKey(runId))) await scrape(site.platform, work);
    await site.toHour(1);
    const partition = { value: 'AZ', date };
    expect(await arizona(date)).toMatchObject({
      status: 'missing',
      reason: expect.stringContaining('3 targets crawled whole, and 0 items there: a run was interrupted'),
    });
    const told = await why(site.platform, site.source, partition, null);
    expect(told.answer).toContain(`run ${runId} was interrupted there: 3 targets crawled whole`);
    const command = `rescrape reparse kitchens --target AZ --start ${date} --end ${date}`;
    expect(told.next).toEqual([expect.objectContaining({ command })]);
    // A later crawl takes the place of this one in the records of the targets.
    await site.toHour(10);
    await site.run();
    expect((await arizona(date)).reason).toContain(`run ${runId} was interrupted, and "reparse"`);
    expect((await why(site.platform, site.source, partition, null)).next).toEqual(told.next);
    const asked = site.requests.length;
    await Array.fromAsync(reparse(site.platform, site.source, { start: date, end: date }, ['AZ']));
    expect(site.requests).toHaveLength(asked);
    expect(await arizona(date)).toMatchObject({ rows: 3, found: 3 });
    expect((await arizona(date)).status).not.toBe('missing');
  });

  it('names no captures of a run that died before its first page, and no run that would take it up', async () => {
    const date = site.today();
    const request = { source: 'kitchens', start: date, end: date, force: false };
    const { runId } = await plan(site.platform, { ...request, runId: site.platform.newId() });
    const partition = { value: 'AZ', date };
    await site.toHour(1);
    const told = await why(site.platform, site.source, partition, null);
    expect(told.answer).toContain(`run ${runId} has not ended`);
    expect(told.next).toEqual([{ text: expect.stringContaining('the next run puts on record') }]);
    await site.run();
    const closed = await why(site.platform, site.source, partition, null);
    expect(closed.answer).toContain(`run ${runId} was interrupted there`);
    expect(closed.next).toEqual([{ text: expect.stringContaining('its day is over') }]);
    expect((await arizona(date)).status).toBe('missing');
  });

  it('is open while its targets are due later that day only, and no run of it is advised', async () => {
    for (const id of ['elm', 'oak', 'yew', 'fig'])
      await site.change(id, (record) => ({ ...record, nextCrawlAt: site.clock.now() + HOUR }));
    const date = site.today();
    expect(await arizona(date)).toMatchObject({ status: 'open', targets: { due: 3 } });
    const told = await why(site.platform, site.source, { value: 'AZ', date }, null);
    expect(told).toMatchObject({ next: [] });
    expect(told.answer).toContain('3 targets due later today');
    await site.clock.sleep(2 * HOUR);
    expect((await why(site.platform, site.source, { value: 'AZ', date }, null)).next).toHaveLength(1);
    await site.toHour(1);
    const past = await why(site.platform, site.source, { value: 'AZ', date }, null);
    expect(past.next.filter(({ command }) => command !== undefined)).toEqual([]);
  });

  it('asks nothing of a date on which nobody was due, and does not believe what it cannot know', async () => {
    for (const id of ['elm', 'oak', 'yew', 'fig'])
      await site.change(id, (record) => ({ ...record, crawlFrequencyMinutes: 3 * 24 * 60 }));
    await site.run();
    const first = site.today();
    await site.toHour(10);
    await site.toHour(10);
    const quiet = addDays(first, 1);
    expect(await arizona(quiet)).toMatchObject({
      status: 'empty',
      reason: 'no target was due',
      targets: { not_due: 3 },
    });
    expect(await arizona(site.today())).toMatchObject({ status: 'open', targets: { expected: 0 } });
    await site.toHour(11);
    await site.run();
    expect(await arizona(quiet)).toMatchObject({ status: 'empty' });
    expect(await arizona(first)).toMatchObject({ status: 'complete' });
    // Without the table nothing tells how they stood before their last crawl.
    expect(await arizona(first, false)).toMatchObject({ status: 'incomplete', targets: { unknown: 3 } });
  });

  it('is missing where all were due and none was crawled, stale after three periods without a crawl', async () => {
    await site.run();
    await site.clock.sleep(11 * HOUR);
    expect(await arizona(site.today())).toMatchObject({ status: 'open' });
    await site.clock.sleep(HOUR + MINUTE);
    expect(await arizona(site.today())).toMatchObject({
      status: 'stale',
      reason: expect.stringMatching(/^nothing was crawled since .*, for 3 periods of 240 minutes/),
    });
    await site.toHour(1);
    const idle = site.today();
    expect(await arizona(idle)).toMatchObject({ status: 'stale' });
    await site.toHour(1);
    expect(await arizona(idle)).toMatchObject({
      status: 'missing',
      reason: '3 targets due and not crawled (elm, oak, yew); nothing was committed',
    });
  });

  it('is explained target by target', async () => {
    gone('yew');
    await site.run({ targets: ['elm', 'yew'] });
    const date = site.today();
    await site.toHour(1);
    const partition = { value: 'AZ', date };
    const whole = await why(site.platform, site.source, partition, null);
    expect(whole.targets).toMatchObject([
      { target: 'elm', status: 'found' },
      { target: 'oak', status: 'due' },
      { target: 'yew', status: 'failed', reason: 'NOT_FOUND' },
    ]);
    expect(whole.answer).toMatch(
      /; of its targets 1 due and not crawled \(oak\), 1 crawled and not whole \(yew\)$/,
    );
    const item = await why(site.platform, site.source, partition, 'oak');
    expect(item.answer).toMatch(/; target oak due and not crawled: never crawled$/);
    expect(item.targets).toMatchObject([{ target: 'oak', status: 'due' }]);
    expect((await why(site.platform, site.source, { value: 'CA', date }, null)).answer).toBe(
      'it was never planned: no run on record has covered its date and target; of its targets 1 due and not crawled (fig)',
    );
  });

  it('stands in the report of a run', async () => {
    gone('yew');
    await site.change('oak', paused);
    const end = await site.run({ targets: ['elm', 'yew', 'fig'] });
    const [az, ca] = (end.kind === 'finished' && end.summary.targets) || [];
    expect(az).toMatchObject({
      value: 'AZ',
      expected: 2,
      found: 1,
      failed: 1,
      paused: 1,
      names: { failed: ['yew'] },
    });
    expect(ca).toMatchObject({ value: 'CA', expected: 1, found: 1 });
    const {
      run: { run_id: runId },
    } = end.kind === 'finished' ? end.summary : expect.unreachable();
    const report = new TextDecoder().decode((await site.platform.lake.get(reportKey(runId, 'md')))!.body);
    const section = report.slice(report.indexOf('## Targets'), report.indexOf('## Partitions'));
    expect(section).toMatch(/\| AZ +\| +2 \| +1 \| +1 \| +0 \| +1 \| failed: yew; paused: oak/);
  });
});
