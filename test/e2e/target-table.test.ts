import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import { scheduledRunId } from '../../core/calendar/run-id.ts';
import { civilDateAt, startOfDate } from '../../core/calendar/window.ts';
import { targetTableKey } from '../../core/lake/layout.ts';
import { plan } from '../../core/run/plan.ts';
import { recordTargets } from '../../core/run/target-table.ts';
import { flagged, unflagged } from '../../core/targets/flags.ts';
import { registerTargets } from '../../core/targets/register.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { paused, resumed } from '../../core/targets/transitions.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../runtime/local-run.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { BY } from '../core/targets/by.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { ImpatientClock } from './support/impatient-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const page = '<html><body><main><ul><li data-price="1.00">Soup</li></ul></main></body></html>';

let directory: string;
let clock: ImpatientClock;
let site: LoopbackSite;
let platform: LocalPlatform;
let down: Set<string>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-targets-'));
  clock = new ImpatientClock();
  down = new Set();
  site = await serveHttp(({ url = '' }, answer) => {
    if (down.has(url.replace('/kitchens/', ''))) answer.writeHead(404).end();
    else answer.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
  });
  const env = { RESCRAPE_KITCHENS_URL: site.origin };
  platform = openLocalPlatform({ directory, env, clock, sources: [kitchens] });
  const targets = ['elm', 'oak', 'yew'].map((id) => ({
    id,
    name: `The ${id}`,
    attributes: { state: 'AZ', path: id },
  }));
  await registerTargets(platform.state, platform.sources[0]!, targets, { ...BY, at: clock.now() });
  await toHour(10);
});
afterEach(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const today = () => civilDateAt(clock.now(), kitchens.timeZone);
/** Lets time pass until so many hours of the next day there are over. */
const toHour = (hour: number) =>
  clock.sleep(startOfDate(addDays(today(), 1), kitchens.timeZone) + hour * HOUR - clock.now());
const run = (request: Partial<RunRequest> = {}) =>
  runLocally(platform, { source: 'kitchens', start: today(), end: today(), force: false, ...request });
const change = (id: string, to: Parameters<TargetStore['update']>[2]) =>
  new TargetStore(platform.state).update('kitchens', id, to, { ...BY, at: clock.now() });

async function ask(sql: string): Promise<readonly Record<string, unknown>[]> {
  const warehouse = await openLocalWarehouse(platform);
  try {
    return (await warehouse.query(sql)).rows;
  } finally {
    await warehouse.close();
  }
}
const days = async (date: CivilDate) =>
  (await ask(`SELECT target, day_status FROM targets WHERE date = DATE '${date}' ORDER BY target`)).map(
    ({ target, day_status }) => `${target} ${day_status}`,
  );

describe('the table of targets', () => {
  it('has a row a target and day, with its record, its attributes and how it stood', async () => {
    down.add('oak');
    await change('yew', (record) => flagged(record, { reason: 'wall', actor: 'ann', at: clock.now() }));
    await run();
    const rows = await ask('SELECT * FROM targets ORDER BY target');
    expect(rows).toMatchObject([
      {
        ...{
          source: 'kitchens',
          date: today(),
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
          last_crawl_date: today(),
        },
        ...{ crawl_frequency_minutes: 240, max_retries: 2, backoff_multiplier: 1, last_error_code: null },
      },
      {
        ...{ target: 'oak', day_status: 'failed', day_reason: 'NOT_FOUND', due_that_day: true },
        ...{ consecutive_failures: 1, consecutive_not_found: 1, backoff_multiplier: 2, success_rate: 0 },
        ...{ last_error_code: 'NOT_FOUND', crawled_that_day: true },
      },
      {
        ...{ target: 'yew', day_status: 'skipped', due_that_day: false, crawled_that_day: false },
        ...{ schedule_status: 'SKIPPED', skip_reason: 'wall', skip_actor: 'ann', success_rate: 0 },
      },
    ]);
  });

  it('is replaced as a whole by the next run of the day', async () => {
    down.add('oak');
    await run();
    down.clear();
    await clock.sleep(9 * HOUR);
    await run();
    expect(await days(today())).toEqual(['elm found', 'oak found', 'yew found']);
  });

  it('is completed by the first run of the next day: what came after midnight does not change it', async () => {
    await run({ targets: ['elm'] });
    const first = today();
    await change('yew', (record) => flagged(record, { reason: 'wall', actor: 'ann', at: clock.now() }));
    await toHour(1);
    await change('oak', paused);
    await change('yew', (record) => unflagged(record, clock.now()));
    down.add('elm');
    await run({ all: true, targets: ['elm', 'yew'] });
    // Nobody wrote the day again between the flag and midnight, and its end is no longer on record.
    expect(await days(first)).toEqual(['elm found', 'oak due', 'yew due']);
    expect(await days(today())).toEqual(['elm failed', 'oak paused', 'yew found']);
    await change('oak', (record) => resumed(record, clock.now()));
    await run({ targets: ['oak'] });
    expect(await days(first)).toEqual(['elm found', 'oak due', 'yew due']);
  });

  it('has no day before the first run of all, and that of yesterday where no run was', async () => {
    await run();
    expect(await ask('SELECT DISTINCT date FROM targets')).toEqual([{ date: today() }]);
    await toHour(5);
    await toHour(5);
    await run();
    expect(await days(addDays(today(), -1))).toEqual(['elm due', 'oak due', 'yew due']);
  });

  it('is written by a scheduled run once an hour, and by a person each time', async () => {
    const [source] = platform.sources;
    const key = targetTableKey('kitchens', today());
    const write = async (runId: string, end: string = today()) => {
      await recordTargets(platform, source!, { runId, end });
      return (await platform.lake.get(key))!.etag;
    };
    const scheduled = () => scheduledRunId('kitchens', clock.now());
    const first = await write(scheduled());
    await clock.sleep(30 * MINUTE);
    expect(await write(scheduled())).toBe(first);
    const second = await write(platform.newId());
    expect(second).not.toBe(first);
    await clock.sleep(61 * MINUTE);
    expect(await write(scheduled())).not.toBe(second);
  });

  it('takes what a run finds after midnight for the date that it was for', async () => {
    await run({ targets: ['elm'] });
    const first = today();
    await clock.sleep(13 * HOUR);
    const oak = { targets: ['oak'], start: first, end: first, force: false };
    await plan(platform, { runId: platform.newId(), source: 'kitchens', ...oak });
    await toHour(0);
    // It takes up the run that was begun before midnight.
    await run(oak);
    await run({ targets: ['elm'], all: true });
    expect(await days(first)).toEqual(['elm found', 'oak found', 'yew due']);
    expect(await days(today())).toEqual(['elm found', 'oak due', 'yew due']);
  });
});
