import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import { scheduledRunId } from '../../core/calendar/run-id.ts';
import { targetTableKey } from '../../core/lake/layout.ts';
import { plan } from '../../core/run/plan.ts';
import { recordTargets } from '../../core/run/target-table.ts';
import { flagged, unflagged } from '../../core/targets/flags.ts';
import { paused, resumed } from '../../core/targets/transitions.ts';
import { dishes, inArizona, KitchenSite } from './support/kitchen-site.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SOUP = dishes(['Soup', '1.00']);

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.start();
  site.pages = { elm: SOUP, oak: SOUP, yew: SOUP };
  await site.register(...['elm', 'oak', 'yew'].map((id) => ({ ...inArizona(id), name: `The ${id}` })));
  await site.toHour(10);
});
afterEach(() => site.close());

const days = async (date: CivilDate) =>
  (
    await site.query(`SELECT target, day_status FROM targets WHERE date = DATE '${date}' ORDER BY target`)
  ).map(({ target, day_status }) => `${target} ${day_status}`);

describe('the table of targets', () => {
  it('has a row a target and day, with its record, its attributes and how it stood', async () => {
    delete site.pages.oak;
    await site.change('yew', (record) =>
      flagged(record, { reason: 'wall', actor: 'ann', at: site.clock.now() }),
    );
    await site.run();
    const rows = await site.query('SELECT * FROM targets ORDER BY target');
    expect(rows).toMatchObject([
      {
        ...{
          source: 'kitchens',
          date: site.today(),
          target: 'elm',
          name: 'The elm',
          state: 'AZ',
          status: 'active',
        },
        ...{ partition_value: 'AZ', attributes: '{"state":"AZ","path":"elm"}', schedule_status: 'SCHEDULED' },
        ...{ day_status: 'found', due_that_day: true, crawled_that_day: true, skip_reason: null, tier: null },
        ...{
          total_attempts: 1,
          total_successes: 1,
          success_rate: 100,
          record_count: 1,
          last_crawl_date: site.today(),
        },
        ...{ crawl_frequency_minutes: 240, max_retries: 2, backoff_multiplier: 1, last_error_code: null },
      },
      {
        ...{ target: 'oak', day_status: 'failed', day_reason: 'NOT_FOUND', due_that_day: true },
        ...{ consecutive_failures: 1, consecutive_not_found: 1, backoff_multiplier: 2, success_rate: 0 },
        ...{ last_error_code: 'NOT_FOUND', crawled_that_day: true },
      },
      {
        ...{ target: 'yew', day_status: 'skipped', due_that_day: true, crawled_that_day: false },
        ...{ schedule_status: 'SKIPPED', skip_reason: 'wall', skip_actor: 'ann', success_rate: 0 },
      },
    ]);
  });

  it('is replaced as a whole by the next run of the day', async () => {
    delete site.pages.oak;
    await site.run();
    site.pages.oak = SOUP;
    await site.clock.sleep(9 * HOUR);
    await site.run();
    expect(await days(site.today())).toEqual(['elm found', 'oak found', 'yew found']);
  });

  it('is completed by the first run of the next day: what came after midnight does not change it', async () => {
    await site.run({ targets: ['elm'] });
    const first = site.today();
    await site.change('yew', (record) =>
      flagged(record, { reason: 'wall', actor: 'ann', at: site.clock.now() }),
    );
    await site.toHour(1);
    await site.change('oak', paused);
    await site.change('yew', (record) => unflagged(record, site.clock.now()));
    delete site.pages.elm;
    await site.run({ all: true, targets: ['elm', 'yew'] });
    // Nobody wrote the day again between the flag and midnight, and its end is no longer on record.
    expect(await days(first)).toEqual(['elm found', 'oak due', 'yew due']);
    expect(await days(site.today())).toEqual(['elm failed', 'oak paused', 'yew found']);
    await site.change('oak', (record) => resumed(record, site.clock.now()));
    await site.run({ targets: ['oak'] });
    expect(await days(first)).toEqual(['elm found', 'oak due', 'yew due']);
  });

  it('keeps of a day that is over who was flagged on it: a flag that is set or lifted later is of the next', async () => {
    await site.change('yew', (record) =>
      flagged(record, { reason: 'wall', actor: 'ann', at: site.clock.now() }),
    );
    await site.run({ targets: ['elm'] });
    const first = site.today();
    await site.toHour(1);
    const at = site.clock.now();
    await site.change('yew', (record) => unflagged(record, at));
    await site.change('oak', (record) => flagged(record, { reason: 'asked us to', actor: 'ann', at }));
    await site.run({ targets: ['elm'], all: true });
    const flags = (date: CivilDate) =>
      site.query(
        `SELECT target, day_status, skip_reason FROM targets WHERE date = DATE '${date}' AND target <> 'elm' ORDER BY target`,
      );
    expect(await flags(first)).toEqual([
      { target: 'oak', day_status: 'due', skip_reason: null },
      { target: 'yew', day_status: 'skipped', skip_reason: 'wall' },
    ]);
    expect(await flags(site.today())).toEqual([
      { target: 'oak', day_status: 'skipped', skip_reason: 'asked us to' },
      { target: 'yew', day_status: 'due', skip_reason: null },
    ]);
  });

  it('has no day before the first run of all, and that of yesterday where no run was', async () => {
    await site.run();
    expect(await site.query('SELECT DISTINCT date FROM targets')).toEqual([{ date: site.today() }]);
    await site.toHour(5);
    await site.toHour(5);
    await site.run();
    expect(await days(addDays(site.today(), -1))).toEqual(['elm due', 'oak due', 'yew due']);
  });

  it('is written by a scheduled run once an hour, and by a person each time', async () => {
    const key = targetTableKey('kitchens', site.today());
    const write = async (runId: string, end: string = site.today()) => {
      await recordTargets(site.platform, site.source, { runId, end });
      return (await site.platform.lake.get(key))!.etag;
    };
    const scheduled = () => scheduledRunId('kitchens', site.clock.now());
    const first = await write(scheduled());
    await site.clock.sleep(30 * MINUTE);
    expect(await write(scheduled())).toBe(first);
    const second = await write(site.platform.newId());
    expect(second).not.toBe(first);
    await site.clock.sleep(61 * MINUTE);
    expect(await write(scheduled())).not.toBe(second);
  });

  it.each([
    ['first', async () => {}],
    [
      'second',
      () => recordTargets(site.platform, site.source, { runId: site.platform.newId(), end: site.today() }),
    ],
  ])(
    'takes what a run finds after midnight for the date that it was for, as the %s to end then',
    async (_, another) => {
      await site.run({ targets: ['elm'] });
      const first = site.today();
      await site.clock.sleep(13 * HOUR);
      const oak = { targets: ['oak'], start: first, end: first, force: false };
      await plan(site.platform, { runId: site.platform.newId(), source: 'kitchens', ...oak });
      await site.toHour(0);
      await another();
      // It takes up the run that was begun before midnight.
      await site.run(oak);
      await site.run({ targets: ['elm'], all: true });
      expect(await days(first)).toEqual(['elm found', 'oak found', 'yew due']);
      expect(await days(site.today())).toEqual(['elm found', 'oak due', 'yew due']);
    },
  );
});
