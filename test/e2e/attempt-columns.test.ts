import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runLogKey } from '../../core/lake/layout.ts';
import { ATTEMPT_SCHEMA } from '../../core/lake/log-tables.ts';
import { writeParquet } from '../../core/lake/parquet.ts';
import { columnsOf } from '../../core/schema/columns.ts';
import type { Source } from '../../core/source/source.ts';
import { registerTargets } from '../../core/targets/register.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { VERSION } from '../../core/version.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { EARLIER_ATTEMPT } from '../core/lake/attempt-row.ts';
import { BY } from '../core/targets/by.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { todayOf } from './support/test-time.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

let directory: string;
let site: LoopbackSite;
let platform: LocalPlatform;
/** What each kitchen answers, one request after the other; the last one stays. */
let answers: Record<string, Answer[]>;

/** Its menus, and a page that says that there is none today. */
const source: Source = {
  ...kitchens,
  parse: (page, item, partition, context) =>
    page.text.includes('closed')
      ? { kind: 'empty', reason: 'closed', notes: 'closed until spring, see /news' }
      : kitchens.parse(page, item, partition, context),
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-attempt-columns-'));
  site = await serveHttp((request, response) => {
    const kitchen = answers[request.url!.split('/').at(-1)!];
    const {
      status = 200,
      headers = {},
      body = '',
    } = (kitchen?.length === 1 ? kitchen[0] : kitchen?.shift()) ?? { status: 404 };
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(body);
  });
  const env = { RESCRAPE_KITCHENS_URL: site.origin };
  platform = openLocalPlatform({ directory, env, clock: new ImpatientClock(), sources: [source] });
  await registerTargets(
    platform.state,
    platform.sources[0]!,
    [
      { id: 'oak', attributes: { state: 'AZ', path: 'oak', tier: 'tier1' } },
      { id: 'elm', attributes: { state: 'AZ', path: 'elm' } },
    ],
    BY,
  );
});
afterEach(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const menu = (...dishes: readonly [string, string][]): Answer => ({
  body: `<main>${dishes.map(([name, price]) => `<li data-price="${price}">${name}</li>`).join('')}</main>`,
});

async function run(): Promise<string> {
  // A target is not crawled again within two minutes.
  await platform.clock.sleep(300_000);
  const today = todayOf(kitchens, platform.clock);
  const end = await runLocally(platform, { source: 'kitchens', start: today, end: today, force: true });
  if (end.kind !== 'finished') throw new Error(JSON.stringify(end));
  return end.summary.run.run_id;
}

async function query(sql: string) {
  const warehouse = await openLocalWarehouse({ ...platform, sources: platform.sources });
  try {
    return (await warehouse.query(sql)).rows;
  } finally {
    await warehouse.close();
  }
}

const attempts = (runId: string, item: string) =>
  query(`SELECT * FROM attempts WHERE run_id = '${runId}' AND item_id = '${item}' ORDER BY attempt_id`);

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
  const changes = async (...dishes: readonly [string, string][]) => {
    answers = { oak: [menu(...dishes)], elm: [menu(['Pie', '2.00'])] };
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
  expect((await new TargetStore(platform.state).get('kitchens', 'elm')).skip).not.toBeNull();
});

it('of before there were these columns are read with nothing in them', async () => {
  const columns = columnsOf(ATTEMPT_SCHEMA);
  const earlier = columns.slice(
    0,
    columns.findIndex(({ name }) => name === 'proxy'),
  );
  expect(earlier.at(-1)!.name).toBe('parser_version');
  const runId = platform.newId();
  const key = runLogKey('attempts', todayOf(kitchens), runId);
  const row = { ...EARLIER_ATTEMPT, run_id: runId, source: 'kitchens', target: 'oak', item_id: 'oak' };
  await platform.lake.put(key, writeParquet(earlier, [row]));
  expect(await attempts(runId, 'oak')).toEqual([
    expect.objectContaining({ url: row.url, partition_value: null, retry_count: null, details: null }),
  ]);
});
