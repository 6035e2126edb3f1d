import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimRetry } from '../../core/failures/claim.ts';
import { FailureStore, keyOf } from '../../core/failures/failure-store.ts';
import { MAX_DELIVERIES } from '../../core/failures/retry-policy.ts';
import type { PartitionWork, PipelineEvent } from '../../core/platform.ts';
import { retryItem, retryNow } from '../../core/retry/claimed-retry.ts';
import { handleFailedItem } from '../../core/retry/handle-message.ts';
import { recordFailures, scrape } from '../../core/scrape/scrape.ts';
import { flagged } from '../../core/targets/flags.ts';
import { registerTargets } from '../../core/targets/register.ts';
import type { TargetRecord } from '../../core/targets/target.ts';
import { targetEvents } from '../../core/targets/target-events.ts';
import { TargetStore } from '../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../runtime/local-run.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { BY } from '../core/targets/by.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { todayOf } from './support/test-time.ts';

const MINUTE = 60_000;
const WALL =
  '<html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>';
const page = (dish: string) =>
  `<html><body><main><ul><li data-price="1.00">${dish}</li></ul></main></body></html>`;

let directory: string;
let clock: ImpatientClock;
let site: LoopbackSite;
let platform: LocalPlatform;
let events: PipelineEvent[];
let pages: Record<string, string>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-crawls-'));
  clock = new ImpatientClock();
  events = [];
  pages = { oak: page('Soup'), elm: page('Stew') };
  site = await serveHttp(({ url = '' }, answer) => {
    const text = pages[url.replace('/kitchens/', '')];
    if (text === undefined) answer.writeHead(404).end();
    else if (text === 'down') answer.writeHead(500).end('down');
    else answer.writeHead(200, { 'Content-Type': 'text/html' }).end(text);
  });
  platform = open();
  const targets = ['oak', 'elm'].map((id) => ({ id, attributes: { state: 'AZ', path: id } }));
  await registerTargets(platform.state, platform.sources[0]!, targets, BY);
});
afterEach(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function open(): LocalPlatform {
  const env = { RESCRAPE_KITCHENS_URL: site.origin };
  return openLocalPlatform({
    directory,
    env,
    clock,
    sources: [kitchens],
    onEvent: (event) => events.push(event),
  });
}

const today = () => todayOf(kitchens, clock);
const run = (request: Partial<RunRequest> = {}) =>
  runLocally(platform, { source: 'kitchens', start: today(), end: today(), force: false, ...request });
const work = (runId: string): PartitionWork => ({
  ...{ runId, source: 'kitchens', value: 'AZ', date: today(), targets: ['oak', 'elm'], force: false },
});
const get = (id: string) => new TargetStore(platform.state).get('kitchens', id);
const change = (id: string, to: (record: TargetRecord) => TargetRecord) =>
  new TargetStore(platform.state).update('kitchens', id, to, BY);
/** How often the page of a target was asked for. */
const askedFor = (id: string) => site.requests.filter(({ path }) => path === `/kitchens/${id}`).length;
const leftOut = () =>
  events.flatMap((event) => (event.kind === 'left-out' ? [[event.target, event.reason]] : []));
const failures = () => Array.fromAsync(new FailureStore(platform.state).list('kitchens'));

describe('a crawl', () => {
  it('is claimed when its turn comes, ended once, and leaves on record what it brought', async () => {
    await run();
    expect(await get('oak')).toMatchObject({
      ...{ status: 'active', claim: null, recordCount: 1, totalAttempts: 1, totalSuccesses: 1 },
      ...{ lastCrawlAt: expect.any(Number), releasedAt: expect.any(Number), consecutiveFailures: 0 },
    });
    const { releasedAt, nextCrawlAt } = await get('oak');
    expect(nextCrawlAt).toBe(releasedAt! + 240 * MINUTE);
  });

  it('of a target that another run is at is left out: no attempt, no failure, and what was there stays', async () => {
    await run();
    await clock.sleep(241 * MINUTE);
    await new TargetStore(platform.state).claim(
      'kitchens',
      'elm',
      { runId: 'another', id: 'x', every: 240 },
      clock,
    );
    pages.oak = page('Salad');
    const end = await run({ all: true, targets: ['oak', 'elm'] });
    expect(end.kind === 'finished' && end.summary.run).toMatchObject({
      status: 'succeeded',
      items_found: 2,
      attempts: 1,
    });
    expect([askedFor('oak'), askedFor('elm')]).toEqual([2, 1]);
    expect(await failures()).toEqual([]);
    expect((await get('elm')).claim?.runId).toBe('another');
  });

  it('is refused where it is claimed in between, and the run says why', async () => {
    const runId = platform.newId();
    await new TargetStore(platform.state).claim(
      'kitchens',
      'elm',
      { runId: 'another', id: 'x', every: 240 },
      clock,
    );
    expect(await scrape(platform, work(runId))).toEqual({ done: true });
    expect(leftOut()).toEqual([['elm', 'CLAIMED']]);
    expect([askedFor('oak'), askedFor('elm')]).toEqual([1, 0]);
    expect((await get('elm')).totalAttempts).toBe(0);
  });

  it('of two runs at once is one: the site sees one request for each target', async () => {
    const other = open();
    const runs = [platform, other].map((each) => scrape(each, work(each.newId())));
    expect(await Promise.all(runs)).toEqual([{ done: true }, { done: true }]);
    expect([askedFor('oak'), askedFor('elm')]).toEqual([1, 1]);
    expect(leftOut()).toHaveLength(2);
    await other.close();
  });

  it('goes on under the same run after its process died, and under no other', async () => {
    const runId = platform.newId();
    await new TargetStore(platform.state).claim('kitchens', 'oak', { runId, id: 'x', every: 240 }, clock);
    await clock.sleep(3 * MINUTE);
    await scrape(platform, work(platform.newId()));
    expect([askedFor('oak'), askedFor('elm')]).toEqual([0, 1]);
    await scrape(platform, work(runId));
    expect([askedFor('oak'), askedFor('elm')]).toEqual([1, 1]);
    expect((await get('oak')).claim).toBeNull();
  });

  it('that its run gave up before its turn came is none: the target is due still, and no failure', async () => {
    const runId = platform.newId();
    await new TargetStore(platform.state).claim('kitchens', 'oak', { runId, id: 'x', every: 240 }, clock);
    await recordFailures(platform, work(runId));
    expect((await failures()).map(({ item, code }) => [item, code])).toEqual([['oak', 'UNKNOWN_ERROR']]);
    expect(leftOut()).toEqual([['elm', 'NEXT_RUN']]);
    expect(await get('elm')).toMatchObject({ nextCrawlAt: null, lastCrawlAt: null, claim: null });
    expect(await get('oak')).toMatchObject({ consecutiveFailures: 1, claim: null });
  });

  it('that finds nothing new makes no version, in whatever order its targets were due', async () => {
    const due = (id: string, ago: number) =>
      change(id, (record) => ({ ...record, nextCrawlAt: clock.now() - ago }));
    const counts: unknown[] = [];
    for (const [first, second] of [
      ['oak', 'elm'],
      ['elm', 'oak'],
    ]) {
      await clock.sleep(3 * MINUTE);
      await due(first!, 2);
      await due(second!, 1);
      const end = await run();
      const { committed, unchanged } = (end.kind === 'finished' && end.summary.run) || {};
      counts.push([committed, unchanged]);
    }
    expect([askedFor('oak'), askedFor('elm'), ...counts]).toEqual([2, 2, [1, 0], [0, 1]]);
  });

  it('is told once when it ends, also where its end is played again, and says that its target failed', async () => {
    const crawled = () => events.filter(({ kind }) => kind === 'crawled');
    await change('oak', (record) => ({ ...record, consecutiveFailures: 9, status: 'degraded' }));
    pages.oak = 'down';
    const runId = platform.newId();
    await scrape(platform, work(runId)).catch(() => {});
    await recordFailures(platform, work(runId));
    await recordFailures(platform, work(runId));
    expect(crawled()).toEqual([
      {
        kind: 'crawled',
        source: 'kitchens',
        target: 'oak',
        code: 'SERVER_ERROR',
        was: 'degraded',
        status: 'failed',
      },
      {
        kind: 'crawled',
        source: 'kitchens',
        target: 'elm',
        code: 'SUCCESS',
        was: 'active',
        status: 'active',
      },
    ]);
  });

  it('that fails doubles the time to the next one; the tries of a target are bounded by its own number', async () => {
    pages.oak = pages.elm = 'down';
    await change('elm', (record) => ({ ...record, maxRetries: 1 }));
    await change('oak', (record) => ({ ...record, maxRetries: 5 }));
    await run();
    expect([askedFor('oak'), askedFor('elm')]).toEqual([6, 2]);
    const { nextCrawlAt, releasedAt, ...elm } = await get('elm');
    expect(elm).toMatchObject({ consecutiveFailures: 1, backoffMultiplier: 2, totalAttempts: 2 });
    expect(nextCrawlAt! - releasedAt!).toBe(480 * MINUTE);
  });
});

describe('a retry of a failed item', () => {
  const failed = async () => {
    pages.elm = 'down';
    await run();
    pages.elm = page('Stew');
    return keyOf((await failures())[0]!);
  };

  it('waits for the gap, and is a crawl of its own', async () => {
    const key = await failed();
    const asked = askedFor('elm');
    expect(await retryNow(platform, platform.sources[0]!, key)).toMatchObject({ kind: 'not-yet' });
    expect(askedFor('elm')).toBe(asked);
    await clock.sleep(2 * MINUTE);
    expect(await retryNow(platform, platform.sources[0]!, key)).toMatchObject({ kind: 'recovered' });
    expect(await get('elm')).toMatchObject({ claim: null, consecutiveFailures: 0, backoffMultiplier: 1 });
  });

  it.each(['message', 'person'] as const)(
    'asks for nothing of a day that is over, whether a %s wants it: the failure is dismissed',
    async (who) => {
      const key = await failed();
      const asked = site.requests.length;
      const due = (await get('elm')).nextCrawlAt;
      await clock.sleep(24 * 60 * MINUTE);
      const retried =
        who === 'message' ? retryItem(platform, key) : retryNow(platform, platform.sources[0]!, key);
      const why = 'its day is over; the next crawl finds what is there now';
      expect(await retried).toEqual({ kind: 'closed', why });
      expect(site.requests).toHaveLength(asked);
      const [failure] = await failures();
      expect(failure).toMatchObject({ state: 'dismissed', claim: null });
      expect(failure!.transitions.at(-1)).toMatchObject({ state: 'dismissed', why });
      expect((await get('elm')).nextCrawlAt).toBe(due);
    },
  );

  it('asks for nothing either where its worker died on the day: what it left is put on record', async () => {
    const key = await failed();
    await clock.sleep(60 * MINUTE);
    const store = new FailureStore(platform.state);
    await claimRetry(store, key, 'person', { now: clock.now(), newRunId: platform.newId() });
    const asked = site.requests.length;
    await clock.sleep(24 * 60 * MINUTE);
    expect(await retryItem(platform, key)).toMatchObject({ kind: 'closed' });
    expect(site.requests).toHaveLength(asked);
    expect((await failures())[0]).toMatchObject({ state: 'dismissed' });
  });

  it('comes again later where a run is at its target, and uses up no try', async () => {
    const key = await failed();
    await clock.sleep(60 * MINUTE);
    await new TargetStore(platform.state).claim(
      'kitchens',
      'elm',
      { runId: 'another', id: 'x', every: 240 },
      clock,
    );
    const answer = await retryItem(platform, key);
    expect(answer).toMatchObject({ kind: 'not-yet' });
    expect(answer.kind === 'not-yet' && answer.delayMs).toBeGreaterThan(29 * MINUTE);
    await clock.sleep(31 * MINUTE);
    expect(await retryItem(platform, key)).toMatchObject({ kind: 'recovered' });
    expect((await failures())[0]?.retry?.tries ?? 1).toBe(1);
  });

  it('has its message sent anew meanwhile, however often: waiting uses up no delivery', async () => {
    const key = await failed();
    await clock.sleep(60 * MINUTE);
    const claim = { runId: 'another', id: 'x', every: 240 };
    await new TargetStore(platform.state).claim('kitchens', 'elm', claim, clock);
    const receive = async () => (await platform.failedItems.receive({ max: 1, visibilityMs: MINUTE }))[0]!;
    const delivery = { ...(await receive()), deliveries: MAX_DELIVERIES };
    const asked = askedFor('elm');
    expect(await handleFailedItem(platform, delivery)).toMatchObject({ kind: 'not-yet' });
    expect(askedFor('elm')).toBe(asked);
    expect(await new FailureStore(platform.state).get(key)).toMatchObject({ state: 'queued' });
    expect(await platform.failedItems.depth()).toMatchObject({ due: 0, delayed: 1, inFlight: 0, dead: 0 });
    await clock.sleep(31 * MINUTE);
    const again = await receive();
    expect(again).toMatchObject({ body: delivery.body, deliveries: 1 });
    expect(await handleFailedItem(platform, again)).toMatchObject({ kind: 'recovered' });
    expect(await platform.failedItems.depth()).toMatchObject({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('of a partition that has nothing yet asks for its own target alone', async () => {
    pages.oak = 'down';
    const key = await failed();
    pages.oak = page('Soup');
    await clock.sleep(2 * MINUTE);
    const asked = askedFor('oak');
    expect(await retryNow(platform, platform.sources[0]!, key)).toMatchObject({ kind: 'recovered' });
    expect(askedFor('oak')).toBe(asked);
  });
});

describe('a wall', () => {
  const kinds = async () =>
    (await Array.fromAsync(targetEvents(platform.state, 'kitchens', 'elm')))
      .map(({ kind }) => kind)
      .reverse();

  it('sees one request, and another one only when its flag has expired; then twice as late', async () => {
    pages.elm = WALL;
    await run();
    expect(askedFor('elm')).toBe(1);
    await clock.sleep(1000 * MINUTE);
    await run({ all: true });
    expect(askedFor('elm')).toBe(1);
    await change('elm', (record) =>
      flagged(record, { reason: 'a wall', actor: 'anna', at: clock.now(), minutes: 60 }),
    );
    await clock.sleep(61 * MINUTE);
    await run({ all: true, targets: ['elm'] });
    expect(askedFor('elm')).toBe(2);
    expect((await get('elm')).skip).toMatchObject({ reason: 'a wall', actor: 'anna', lastsMs: 120 * MINUTE });
    await clock.sleep(119 * MINUTE);
    await run({ all: true, targets: ['elm'] });
    expect(askedFor('elm')).toBe(2);
    pages.elm = page('Stew');
    await clock.sleep(2 * MINUTE);
    await run({ all: true, targets: ['elm'] });
    expect(askedFor('elm')).toBe(3);
    expect(await get('elm')).toMatchObject({ skip: null, consecutiveBlocks: 0, status: 'active' });
    expect(await kinds()).toEqual(['import', 'flag', 'flag', 'probe', 'renew', 'probe', 'unflag']);
  });

  it('behind which two runs would probe at once sees one request', async () => {
    pages.elm = WALL;
    await change('elm', (record) =>
      flagged(record, { reason: 'a wall', actor: 'anna', at: clock.now(), minutes: 60 }),
    );
    await clock.sleep(61 * MINUTE);
    const other = open();
    await Promise.all([platform, other].map((each) => scrape(each, work(each.newId()))));
    expect(askedFor('elm')).toBe(1);
    await other.close();
  });
});
