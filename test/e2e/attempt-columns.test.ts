import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { runLogKey } from '../../core/lake/layout.ts';
import { attemptSchema } from '../../core/lake/log-tables.ts';
import { writeParquet } from '../../core/lake/parquet.ts';
import { columnsOf } from '../../core/schema/columns.ts';
import type { Source } from '../../core/source/source.ts';
import { VERSION } from '../../core/version.ts';
import { EARLIER_ATTEMPT } from '../core/lake/attempt-row.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { type Dish, dishes, inArizona, type KitchenAnswer, KitchenSite } from './support/kitchen-site.ts';

/** Its kitchens with a tier, its menus, and a page that says that there is none today. */
const { attributes } = kitchens.register!;
const source: Source = {
  ...kitchens,
  register: { ...kitchens.register!, attributes: attributes.extend({ tier: z.string().optional() }) },
  parse: (page, item, partition, context) =>
    page.text.includes('closed')
      ? { kind: 'empty', reason: 'closed', notes: 'closed until spring, see /news' }
      : kitchens.parse(page, item, partition, context),
};

let site: KitchenSite;
/** What each kitchen answers, one request after the other; the last one stays. */
let answers: Record<string, KitchenAnswer[]>;

beforeEach(async () => {
  site = await KitchenSite.start(source);
  site.answer = (id) => {
    const left = answers[id] ?? [];
    return (left.length === 1 ? left[0] : left.shift()) ?? { status: 404 };
  };
  const oak = inArizona('oak');
  await site.register({ ...oak, attributes: { ...oak.attributes, tier: 'tier1' } }, inArizona('elm'));
});
afterEach(() => site.close());

const menu = (...all: readonly Dish[]): KitchenAnswer => ({ body: dishes(...all) });

async function run(): Promise<string> {
  // A target is not crawled again within two minutes.
  await site.clock.sleep(300_000);
  return (await site.finished({ force: true })).run.run_id;
}

const attempts = (runId: string, item: string) =>
  site.query(`SELECT * FROM attempts WHERE run_id = '${runId}' AND item_id = '${item}' ORDER BY attempt_id`);

it('an attempt tells whose it is, which retry it is and how long was waited, and what came with it', async () => {
  answers = {
    oak: [{ status: 500, headers: { Server: 'oven' } }, menu(['Soup', '4.10'])],
    elm: [menu(['Pie', '2.00'])],
  };
  const runId = await run();
  const [first, second] = await attempts(runId, 'oak');
  expect(first).toMatchObject({
    target: 'oak',
    partition_value: 'AZ',
    tier: 'tier1',
    retry_count: 0,
    last_retry_at: null,
    backoff_delay_ms: 0,
    scraper_version: `${VERSION}/${source.parserVersion}`,
    records_upserted: 0,
    snapshots_created: 0,
    skip_future_attempts: false,
    skip_reason: null,
  });
  expect(JSON.parse(String(first!.details))).toMatchObject({
    status_text: 'Internal Server Error',
    remote_address: '127.0.0.1',
    headers: { server: 'oven', 'content-type': 'text/html' },
  });
  expect(second).toMatchObject({
    retry_count: 1,
    last_retry_at: second!.attempted_at,
    records_upserted: 1,
    snapshots_created: 1,
  });
  expect(second!.backoff_delay_ms).toBeGreaterThanOrEqual(2000);
  const [other] = await attempts(runId, 'elm');
  expect(other).toMatchObject({ tier: null, partition_value: 'AZ' });
  expect(String(other!.finished_at) >= String(other!.attempted_at)).toBe(true);
});

it('counts the rows that are new or changed, and says whether a new version is to hold them', async () => {
  const changes = async (...all: readonly Dish[]) => {
    answers = { oak: [menu(...all)], elm: [menu(['Pie', '2.00'])] };
    const runId = await run();
    const counted = async (item: string) => {
      const [row] = await attempts(runId, item);
      return [row!.records_found, row!.records_upserted, row!.snapshots_created];
    };
    return [await counted('oak'), await counted('elm')];
  };
  expect(await changes(['Soup', '4.10'], ['Stew', '5.00'])).toEqual([
    [2, 2, 1],
    [1, 1, 1],
  ]);
  expect(await changes(['Soup', '4.10'], ['Stew', '5.00'])).toEqual([
    [2, 0, 0],
    [1, 0, 0],
  ]);
  expect(await changes(['Stew', '5.00'], ['Soup', '4.10'])).toEqual([
    [2, 0, 0],
    [1, 0, 0],
  ]);
  expect(await changes(['Soup', '4.10'], ['Stew', '5.50'], ['Rice', '1.00'])).toEqual([
    [3, 2, 1],
    [1, 0, 0],
  ]);
  expect(await changes(['Soup', '4.10'], ['Stew', '5.50'])).toEqual([
    [2, 0, 1],
    [1, 0, 0],
  ]);
});

it('keeps why a page is empty, and the flag as it stood after the attempt', async () => {
  answers = { oak: [{ body: 'closed' }], elm: [{ status: 403, headers: { 'cf-mitigated': 'challenge' } }] };
  const runId = await run();
  expect((await attempts(runId, 'oak'))[0]).toMatchObject({
    error_code: 'SUCCESS',
    notes: 'closed until spring, see /news',
    records_upserted: 0,
    snapshots_created: 0,
    skip_future_attempts: false,
  });
  expect(await attempts(runId, 'elm')).toEqual([
    expect.objectContaining({
      error_code: 'BLOCKED',
      skip_future_attempts: true,
      skip_reason: 'security_block_one_attempt',
    }),
  ]);
  expect((await site.get('elm')).skip).not.toBeNull();
});

it('of before there were these columns are read with nothing in them', async () => {
  const columns = columnsOf(attemptSchema());
  const earlier = columns.slice(
    0,
    columns.findIndex(({ name }) => name === 'proxy'),
  );
  expect(earlier.at(-1)!.name).toBe('parser_version');
  const runId = site.platform.newId();
  const key = runLogKey('attempts', site.today(), runId);
  const row = { ...EARLIER_ATTEMPT, run_id: runId, source: 'kitchens', target: 'oak', item_id: 'oak' };
  await site.platform.lake.put(key, writeParquet(earlier, [row]));
  expect(await attempts(runId, 'oak')).toEqual([
    expect.objectContaining({ url: row.url, partition_value: null, retry_count: null, details: null }),
  ]);
});
