import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { why } from '../../core/explain/why.ts';
import { FailureStore } from '../../core/failures/failure-store.ts';
import { lookUp } from '../../core/run/look-up.ts';
import { planLookUps, type SkippedLookUp } from '../../core/run/look-up-plan.ts';
import { makePlan } from '../../core/run/make-plan.ts';
import type { LookUp, Source, Target } from '../../core/source/source.ts';
import { targetEvents } from '../../core/targets/target-events.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { paused } from '../../core/targets/transitions.ts';
import { type MenusSite, startMenusSite } from '../../demo/menus/site.ts';
import { DEMO_STORES } from '../../demo/menus/stores.ts';
import { CLOUDFLARE_CHALLENGE } from '../../demo/server/wall-pages.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { menus } from '../../sources/menus/source.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { BY } from '../core/targets/by.ts';
import { registerTargets } from '../core/targets/register-targets.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { storesIn } from './support/store-list.ts';
import { todayOf } from './support/test-time.ts';
import { over } from './support/watched-stores.ts';

const LACKING = DEMO_STORES.filter(({ lacks }) => lacks !== undefined);
const GAP_MS = 2 * 60_000;

let directory: string;
let clock: ImpatientClock;
let site: MenusSite;
let shop: LoopbackSite;
let platform: LocalPlatform;
/** What the shop does before it answers. */
let onRequest: () => Promise<void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-look-up-'));
  clock = new ImpatientClock();
  site = await startMenusSite({ seed: 7, now: () => clock.now() });
  onRequest = async () => {};
  shop = await serveHttp(async ({ url }, response) => {
    if (url === '/robots.txt') return void response.writeHead(404).end();
    await onRequest();
    if (url === '/walled')
      return void response
        .writeHead(403, { 'content-type': 'text/html', 'cf-mitigated': 'challenge', server: 'cloudflare' })
        .end(CLOUDFLARE_CHALLENGE);
    const id = '64e1a0c2b7d35f0012cd9999';
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      `<!DOCTYPE html><title>shop</title><script src="https://dutchie.com/api/v2/embedded-menu/${id}.js"></script>`,
    );
  });
  open();
});
afterEach(async () => {
  await platform.close();
  await shop[Symbol.asyncDispose]();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(more: Readonly<Record<string, string>> = {}, source: Source = menus): void {
  const env = { ...site.settings, RESCRAPE_MENUS_MIN_DELAY_MS: '0', ...more };
  platform = openLocalPlatform({ directory, env, clock, sources: [source] });
}

async function reopen(more: Readonly<Record<string, string>> = {}, source: Source = menus): Promise<void> {
  await platform.close();
  open(more, source);
}
const ANYWHERE = { RESCRAPE_MENUS_PRIVATE_NETWORK: 'allow', RESCRAPE_MENUS_TIMEOUT_MS: '5000' };

const sourceNow = () => platform.sources[0]!;
const recordOf = (id: string) => new TargetStore(platform.state).get('menus', id);
const register = (targets: readonly Required<Target>[]) =>
  registerTargets(platform.state, menus, targets, BY);
const storeOf = (id: string, attributes: Record<string, string>) => ({
  id,
  attributes: { name: `Store ${id}`, state: 'AZ', ...attributes },
});

/** As the command does it. */
async function look(ids: readonly string[], { named = false, mustStop = (): boolean => false } = {}) {
  const meant = new Set(named ? ids : []);
  const { open: planned, skipped } = await planLookUps(platform, sourceNow(), ids, meant);
  const ends: (Parameters<Parameters<typeof lookUp>[3]['onEnd']>[0] | SkippedLookUp)[] = [...skipped];
  const onEnd = (end: (typeof ends)[number]) => void ends.push(end);
  await lookUp(platform, sourceNow(), planned, { actor: 'somebody', mustStop, onEnd });
  return ends.toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

const rowsOf = (sql: string) => query(platform, sql);

describe('what stores lack', () => {
  it('is found at the page of the shop, then at the platform, and they are crawled after that', async () => {
    await register(storesIn(site.csv));
    const ends = await look(DEMO_STORES.map(({ id }) => id));
    expect(ends.map(({ target, needs }) => [target, needs])).toEqual(LACKING.map(({ id }) => [id, null]));
    for (const { id, platform: type, platformId } of LACKING)
      expect((await recordOf(id)).attributes).toMatchObject({ menu_type: type, platform_id: platformId });
    const paths = site.requests.map(({ path }) => path.split('?')[0]!);
    const shops = LACKING.filter(({ lacks }) => lacks !== 'platform_id').map(({ slug }) => `/shops/${slug}`);
    expect(paths.filter((path) => path.startsWith('/shops/')).toSorted()).toEqual(shops.toSorted());
    expect(paths.filter((path) => path === '/robots.txt')).toHaveLength(1);
    // An id that the page of the shop has is not asked for again.
    expect(paths.filter((path) => path === '/graphql')).toHaveLength(2);

    await clock.sleep(GAP_MS);
    const asked = { source: 'menus', start: todayOf(menus, clock), end: todayOf(menus, clock), force: false };
    const { leftOut, work } = await makePlan(platform, asked);
    expect(leftOut).toEqual([]);
    expect(work.flatMap(({ targets }) => targets).length).toBe(DEMO_STORES.length);
  });

  it('is asked for in two steps where the page of the shop has a name only', async () => {
    const named = DEMO_STORES.find(({ id, platform: on }) => on === 'dutchie' && Number(id) % 2 === 1)!;
    await register([storeOf(named.id, { url: `${site.url}/shops/${named.slug}` })]);
    const [end] = await look([named.id]);
    const found = { menu_type: 'dutchie', slug: named.slug, platform_id: named.platformId };
    expect(end).toEqual({ target: named.id, kind: 'found', needs: null, found, code: null, message: null });
    const rows = await rowsOf(
      'SELECT item_id, url, attempt_number n, capture FROM attempts ORDER BY attempt_id',
    );
    const pages = rows.filter(({ item_id }) => item_id === 'look-up');
    expect(pages.map(({ url, n }) => [new URL(String(url)).pathname, n])).toEqual([
      [`/shops/${named.slug}`, 1],
      ['/graphql', 1],
    ]);
    expect(pages.every(({ capture }) => capture !== null)).toBe(true);
  });

  it('is in the history of the target with who asked and where, and its crawls are as they were', async () => {
    const [store] = LACKING;
    await register(storesIn(site.csv));
    await look([store!.id]);
    const { totalAttempts, totalSuccesses, claim, nextCrawlAt, lastCrawlAt, lastCrawl } = await recordOf(
      store!.id,
    );
    expect({ totalAttempts, totalSuccesses }).toEqual({ totalAttempts: 1, totalSuccesses: 1 });
    expect([claim, nextCrawlAt, lastCrawlAt, lastCrawl]).toEqual([null, null, null, null]);
    const [event] = await Array.fromAsync(targetEvents(platform.state, 'menus', store!.id));
    const { host } = new URL(site.url);
    expect(event).toMatchObject({ kind: 'set', actor: 'somebody', reason: `looked up at ${host}` });
    expect(event!.to).toContain(store!.platformId);
  });

  it('is no retry of an item for whoever asks why a partition is as it is', async () => {
    await register(storesIn(site.csv));
    await look(LACKING.map(({ id }) => id));
    const partition = { value: 'NM', date: todayOf(menus, clock) };
    const { attempts, retries } = await why(platform, sourceNow(), partition, null);
    expect({ attempts, retries }).toEqual({ attempts: [], retries: [] });
  });

  it('fails where the hash of the query is out of date, and says so', async () => {
    await register(storesIn(site.csv));
    site.nextRelease();
    const { id } = LACKING.find(({ lacks }) => lacks === 'platform_id')!;
    const message = expect.stringContaining('the hash of the query is out of date');
    expect(await look([id])).toMatchObject([{ kind: 'failed', code: 'HTML_CHANGED', message }]);
  });

  it('stays unknown where the platform has no such store: no fault of the store, and asked once', async () => {
    await register([storeOf('901', { menu_type: 'dutchie', slug: 'nowhere' })]);
    const [end] = await look(['901']);
    const message = 'the platform has no store nowhere in AZ';
    expect(end).toMatchObject({ kind: 'unknown', needs: 'NEEDS_PLATFORM_ID', code: null, message });
    expect(await recordOf('901')).toMatchObject({ status: 'active', lastErrorCode: null, skip: null });
    expect(await rowsOf("SELECT error_code, notes FROM attempts WHERE item_id = 'look-up'")).toEqual([
      { error_code: 'SUCCESS', notes: message },
    ]);
    const asked = site.requests.length;
    await clock.sleep(GAP_MS);
    expect(await look(['901'])).toMatchObject([{ reason: 'UNKNOWN', message }]);
    expect(site.requests.length).toBe(asked);
    expect(await look(['901'], { named: true })).toMatchObject([{ kind: 'unknown' }]);
    // Something else is known of it now.
    await clock.sleep(GAP_MS);
    const { slug, platformId } = DEMO_STORES[0]!;
    await register([storeOf('901', { menu_type: 'dutchie', slug })]);
    expect(await look(['901'])).toMatchObject([{ kind: 'found', found: { platform_id: platformId } }]);
  });

  it('is asked for once at a wall, which flags the store', async () => {
    await reopen(ANYWHERE);
    await register([storeOf('902', { url: `${shop.origin}/walled` })]);
    expect(await look(['902'])).toMatchObject([
      { kind: 'failed', code: 'BLOCKED', needs: 'NEEDS_DETECTION' },
    ]);
    expect((await recordOf('902')).skip?.reason).toBe('security_block_one_attempt');
    await clock.sleep(GAP_MS);
    const again = await look(['902'], { named: true });
    expect(again).toMatchObject([{ reason: 'SKIPPED', message: 'security_block_one_attempt' }]);
    expect(shop.requests.filter(({ path }) => path === '/walled')).toHaveLength(1);
  });

  it('fails where a site is gone, opens no failure of an item, and is asked for again', async () => {
    await reopen(ANYWHERE);
    const dead = shop.origin;
    await shop[Symbol.asyncDispose]();
    await register([storeOf('903', { url: `${dead}/shop` })]);
    expect(await look(['903'])).toMatchObject([{ kind: 'failed', code: 'NETWORK_ERROR' }]);
    expect(await Array.fromAsync(new FailureStore(platform.state).list('menus'))).toEqual([]);
    const { consecutiveFailures, totalAttempts, lastErrorCode, claim } = await recordOf('903');
    expect({ consecutiveFailures, totalAttempts, lastErrorCode, claim }).toEqual({
      ...{ consecutiveFailures: 0, totalAttempts: 1, lastErrorCode: 'NETWORK_ERROR', claim: null },
    });
    await clock.sleep(GAP_MS);
    expect(await look(['903'])).toMatchObject([{ kind: 'failed', code: 'NETWORK_ERROR' }]);
    expect((await recordOf('903')).totalAttempts).toBe(2);
  });

  it('is not asked for at an address of this machine, nor at what is none', async () => {
    await register([
      storeOf('904', { url: `${shop.origin}/shop` }),
      storeOf('905', { url: 'www.shop.example' }),
      storeOf('906', {}),
      storeOf('907', { menu_type: 'dutchie', slug: 'x', endpoint: 'ftp://chain.example/graphql' }),
    ]);
    const ends = await look(['904', '905', '906', '907']);
    expect(ends).toMatchObject([
      { kind: 'failed', code: 'REFUSED' },
      { reason: 'NOTHING_TO_ASK', message: 'its url www.shop.example is no http(s) address' },
      { reason: 'NOTHING_TO_ASK', message: 'its attribute url, the page of the shop, is not known' },
      { reason: 'NOTHING_TO_ASK', message: expect.stringContaining('is no address to ask at') },
    ]);
    expect(shop.requests).toEqual([]);
  });

  it('is not asked for while a crawl is at the store, just was, or a person has paused it', async () => {
    const [first, second, third] = LACKING.map(({ id }) => id) as [string, string, string];
    await register(storesIn(site.csv));
    const store = new TargetStore(platform.state);
    await store.claim('menus', first, { runId: 'a-run', id: 'a', every: 240 }, clock);
    await store.update('menus', second, (record) => ({ ...record, releasedAt: clock.now() }), BY);
    await store.update('menus', third, paused, BY);
    const reasons = (await look([first, second, third])).map((end) => 'reason' in end && end.reason);
    expect(reasons).toEqual(['CLAIMED', 'TOO_RECENT', 'PAUSED']);
    expect(site.requests).toEqual([]);
  });

  it('loses to a run that claims the store between plan and request', async () => {
    await register(storesIn(site.csv));
    const { id } = LACKING[0]!;
    const { open: planned } = await planLookUps(platform, sourceNow(), [id], new Set());
    await new TargetStore(platform.state).claim('menus', id, { runId: 'a-run', id: 'a', every: 240 }, clock);
    const ends: unknown[] = [];
    const options = {
      actor: 'somebody',
      mustStop: () => false,
      onEnd: (end: unknown) => void ends.push(end),
    };
    await lookUp(platform, sourceNow(), planned, options);
    expect(ends).toMatchObject([{ target: id, reason: 'CLAIMED' }]);
    expect(site.requests).toEqual([]);
    expect((await recordOf(id)).claim?.runId).toBe('a-run');
  });

  it('does not overwrite what a person sets meanwhile', async () => {
    await reopen(ANYWHERE);
    const before = storeOf('908', { url: `${shop.origin}/shop` });
    await register([before]);
    const theirs = { ...before, attributes: { ...before.attributes, menu_type: 'jane', platform_id: '1' } };
    onRequest = async () => {
      await register([theirs]);
    };
    expect(await look(['908'])).toMatchObject([{ kind: 'failed', found: {} }]);
    expect((await recordOf('908')).attributes).toEqual(theirs.attributes);
    expect((await recordOf('908')).claim).toBeNull();
  });

  it('is refused where the source would not take it from an import', async () => {
    const odd: LookUp = {
      ...menus.register!.lookUp!,
      read: () => ({ kind: 'found', attributes: { menu_type: 'dutchie', state: 'Arizona' } }),
    };
    await reopen({}, { ...menus, register: { ...menus.register!, lookUp: odd } });
    const { id, slug } = LACKING[0]!;
    const store = storeOf(id, { url: `${site.url}/shops/${slug}` });
    await register([store]);
    expect(await look([id])).toMatchObject([{ kind: 'failed', code: 'VALIDATION_ERROR', found: {} }]);
    expect((await recordOf(id)).attributes).toEqual(store.attributes);
  });

  it('is on record also where the process dies before it is through', async () => {
    await register(storesIn(site.csv));
    const lake = over(platform.lake, {
      put: async (key, ...rest) => {
        if (key.startsWith('attempts/')) throw new Error('the process dies');
        return platform.lake.put(key, ...rest);
      },
    });
    const mortal = { ...platform, lake };
    const ids = LACKING.map(({ id }) => id);
    const { open: planned } = await planLookUps(mortal, sourceNow(), ids, new Set());
    const options = { actor: 'somebody', mustStop: () => false, onEnd: () => {} };
    await expect(lookUp(mortal, sourceNow(), planned, options)).rejects.toThrow('the process dies');
    await clock.sleep(GAP_MS);
    const today = todayOf(menus, clock);
    await runLocally(platform, {
      source: 'menus',
      start: today,
      end: today,
      force: false,
      targets: [ids[0]!],
    });
    const rows = await rowsOf(
      "SELECT target, count(*)::INT n FROM attempts WHERE item_id = 'look-up' GROUP BY target ORDER BY target",
    );
    expect(rows).toEqual(ids.map((target) => ({ target, n: 1 })));
    expect((await recordOf(ids[1]!)).totalAttempts).toBe(1);
  });

  it('ends in order where it is told to stop, with what it had asked', async () => {
    await register(storesIn(site.csv));
    let asked = 0;
    const ends = await look(
      LACKING.map(({ id }) => id),
      { mustStop: () => asked++ >= 3 },
    );
    expect(ends.length).toBeLessThan(LACKING.length);
    for (const { id } of LACKING) expect((await recordOf(id)).claim).toBeNull();
    // Whom nothing was asked about is not made to wait.
    const rest = await look(LACKING.map(({ id }) => id));
    expect(rest.map((end) => 'kind' in end && end.kind)).toEqual(
      LACKING.slice(ends.length).map(() => 'found'),
    );
  });
});
