import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PartitionWork } from '../../core/platform.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import type { Source } from '../../core/source/source.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { type LoopbackProxy, type ProxyOptions, serveHttpProxy } from '../contracts/loopback-proxies.ts';
import { logRows, type ReadRow } from './support/lake-reading.ts';
import { ShelfSite, shelves } from './support/shelf-site.ts';
import { watchedPlatform } from './support/watched-stores.ts';

const DATES = Array.from({ length: 8 }, (_, day) => `2026-11-1${day}`);
const RUNS = ['019a9e00-0000-7000-8000-000000000000', '019a9e01-0000-7000-8000-000000000000'] as const;

let directory: string;
/** The site as it is, and as it looks from where it has had enough of us. */
let site: ShelfSite;
let walled: ShelfSite;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-proxies-'));
  site = await ShelfSite.start();
  walled = await ShelfSite.start(() => true);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await site.close();
  await walled.close();
  rmSync(directory, { recursive: true, force: true });
});

const portOf = ({ env }: ShelfSite) => Number(new URL(env.RESCRAPE_SHELVES_URL).port);

async function proxy(options: ProxyOptions = {}): Promise<LoopbackProxy & { readonly id: string }> {
  const served = await serveHttpProxy(options);
  closing.push(() => served[Symbol.asyncDispose]());
  return { ...served, id: `127.0.0.1:${served.port}` };
}
const walledProxy = () => proxy({ liesAbout: portOf(walled) });

function open(proxies: readonly { readonly id: string }[], source: Source = shelves): LocalPlatform {
  const list = proxies.map(({ id }) => `http://${id}`).join(',');
  const env = { ...site.env, RESCRAPE_SHELVES_PROXIES: list };
  const platform = openLocalPlatform({ directory, env, sources: [source] });
  closing.push(() => platform.close());
  return platform;
}

const workOf = (target: string, { run = 0, date = 0 } = {}): PartitionWork => ({
  runId: RUNS[run]!,
  source: 'shelves',
  value: target,
  date: DATES[date]!,
  force: false,
});
const recordOf = (platform: LocalPlatform, target: string) =>
  new TargetStore(platform.state).get('shelves', target);

async function attempts(): Promise<ReadRow[]> {
  const rows = await logRows(directory, 'attempts');
  return rows.sort((a, b) => (String(a.attempt_id) < String(b.attempt_id) ? -1 : 1));
}
const ways = async () =>
  (await attempts()).map(({ item_id, error_code, proxy }) => [item_id, error_code, proxy].join(' '));

describe('a wall before one of two proxies', () => {
  it('is met once: the target goes on through the other, in the same crawl, and stays there', async () => {
    const [first, second] = [await walledProxy(), await proxy()];
    const platform = open([first, second]);
    expect(await scrape(platform, workOf('a'))).toEqual({ done: true });
    expect(walled.requests.map(({ path }) => path)).toEqual([`/a/${DATES[0]}`]);
    expect((await ways()).sort()).toEqual([
      `index BLOCKED_PROXY ${first.id}`,
      `index SUCCESS ${second.id}`,
      ...['n1', 'n2', 'n3'].map((id) => `${id} SUCCESS ${second.id}`),
    ]);
    expect(await recordOf(platform, 'a')).toMatchObject({
      skip: null,
      consecutiveBlocks: 0,
      currentProxyId: second.id,
    });

    const later = open([first, second]);
    for (const date of [1, 2]) await scrape(later, workOf('a', { run: 1, date }));
    expect([walled.requests.length, site.requests.length]).toEqual([1, 12]);
  });

  it('is met once by eight partitions at a time, in two processes', async () => {
    const [first, second] = [await walledProxy(), await proxy()];
    const platforms = [open([first, second]), open([first, second])];
    await scrape(platforms[0]!, workOf('a'));
    await Promise.all(
      DATES.slice(1).map((_, at) => scrape(platforms[at % 2]!, workOf('a', { date: at + 1 }))),
    );
    expect([walled.requests.length, site.requests.length]).toEqual([1, 32]);
  });

  it('that comes up between the pages is met by none after it', async () => {
    await walled.close();
    walled = await ShelfSite.start(({ page }) => page === 'item');
    const [first, second] = [await walledProxy(), await proxy()];
    const platform = open([first, second]);
    const slow = watchedPlatform(platform, async ({ name }) => {
      if (name === 'targets/shelves#a') await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await Promise.all(DATES.map((_, date) => scrape(slow, workOf('a', { date }))));
    expect(walled.requests.filter((asked) => asked.walled)).toHaveLength(1);
    const before = walled.requests.length;
    await scrape(open([first, second]), workOf('a', { run: 1 }));
    expect(walled.requests).toHaveLength(before);
    expect((await recordOf(platform, 'a')).skip).toBeNull();
  });

  it('and a wall before the next one are met once each, however many pages are asked for at a time', async () => {
    await walled.close();
    walled = await ShelfSite.start(({ page }) => page === 'item');
    const pool = [await walledProxy(), await walledProxy(), await proxy()];
    await scrape(open(pool), workOf('a'));
    expect(walled.requests.filter((asked) => asked.walled)).toHaveLength(2);
  });

  it('that a process died behind is not met again when it is taken up', async () => {
    const [first, second] = [await walledProxy(), await proxy()];
    const opened = open([first, second]);
    const dying = watchedPlatform(opened, ({ name }) => {
      if (name === 'targets/shelves#a') throw new Error('the process died here');
    });
    await expect(scrape(dying, workOf('a'))).rejects.toThrow('the process died here');
    await scrape(open([first, second]), workOf('a'));
    expect([walled.requests.length, site.requests.length]).toEqual([1, 4]);
  });
});

describe('walls before all proxies', () => {
  it('are met once each, then the target is blocked and flagged', async () => {
    const pool = [await walledProxy(), await walledProxy(), await walledProxy()];
    const platform = open(pool);
    expect(await scrape(platform, workOf('a'))).toEqual({ done: true });
    expect(await ways()).toEqual([
      `index BLOCKED_PROXY ${pool[0]!.id}`,
      `index BLOCKED_PROXY ${pool[1]!.id}`,
      `index BLOCKED ${pool[2]!.id}`,
    ]);
    expect(pool.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
    const record = await recordOf(platform, 'a');
    expect(record.skip).toMatchObject({ reason: 'security_block_one_attempt' });
    expect(record.consecutiveBlocks).toBe(1);
    await scrape(platform, workOf('a', { date: 1 }));
    expect([walled.requests.length, site.requests.length]).toEqual([3, 0]);
  });

  it('and one proxy alone is all proxies', async () => {
    const platform = open([await walledProxy()]);
    await scrape(platform, workOf('a'));
    expect((await attempts()).map(({ error_code }) => error_code)).toEqual(['BLOCKED']);
    expect((await recordOf(platform, 'a')).skip).not.toBeNull();
  });
});

describe('a proxy that fails', () => {
  it('costs the target nothing: the next one is asked at once, and the site sees one request', async () => {
    const [dead, second] = [await proxy({ user: { name: 'n', password: 'p' } }), await proxy()];
    const platform = open([dead, second]);
    expect(await scrape(platform, workOf('a'))).toEqual({ done: true });
    const [first] = await attempts();
    expect(first).toMatchObject({ error_code: 'NETWORK_ERROR', rule: 'proxy/auth', proxy: dead.id });
    expect(site.requests).toHaveLength(4);
    expect(await recordOf(platform, 'a')).toMatchObject({ skip: null, currentProxyId: second.id });
  });

  it('rests after three failures in a row, for every process', async () => {
    const [dead, second] = [await proxy({ refuses: 502 }), await proxy()];
    for (const target of ['a', 'b', 'c']) {
      const platform = open([dead, second]);
      await new TargetStore(platform.state).update(
        'shelves',
        target,
        (record) => ({ ...record, currentProxyId: dead.id }),
        { actor: 'test', at: platform.clock.now() },
      );
      await scrape(platform, workOf(target));
    }
    expect(dead.asked).toHaveLength(3);
    await scrape(open([dead, second]), workOf('d'));
    expect([dead.asked.length, site.requests.length]).toEqual([3, 16]);
  });

  it('where all fail, is asked again later, flags nothing, and nothing ever goes straight', async () => {
    const pool = [await proxy({ refuses: 502 }), await proxy({ refuses: 503 })];
    const platform = open(pool);
    for (let tries = 0; tries < shelves.retry.attempts; tries++)
      await expect(scrape(platform, workOf('a'))).rejects.toMatchObject({ name: 'Transient' });
    expect(await scrape(platform, workOf('a'))).toEqual({ done: true });
    expect(site.requests).toEqual([]);
    expect((await recordOf(platform, 'a')).skip).toBeNull();
    // Two proxies for each of the first try and its retries.
    expect(await attempts()).toHaveLength(2 * (1 + shelves.retry.attempts));
  });
});

it('User-Agents: a target keeps its own, and has the next one behind a wall', async () => {
  const userAgents = ['one/1', 'two/2'];
  const source = { ...shelves, politeness: { ...shelves.politeness, userAgents } };
  const platform = open([await walledProxy(), await proxy()], source);
  await scrape(platform, workOf('a'));
  await scrape(platform, workOf('a', { run: 1 }));
  const [first, ...others] = (await attempts()).map(({ user_agent }) => user_agent);
  expect(first).toBe('one/1');
  expect(new Set(others)).toEqual(new Set(['two/2']));
  expect(await recordOf(platform, 'a')).toMatchObject({ currentUserAgent: 'two/2' });
});

it('without proxies the User-Agent is on record, and no proxy', async () => {
  const platform = open([]);
  await scrape(platform, workOf('a'));
  for (const row of await attempts()) expect(row).toMatchObject({ proxy: null, user_agent: 'Rescrape/1.0' });
  expect(await recordOf(platform, 'a')).toMatchObject({ currentProxyId: null, currentUserAgent: null });
});
