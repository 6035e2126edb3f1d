import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PartitionWork } from '../../core/platform.ts';
import { recordFailures, scrape } from '../../core/scrape/scrape.ts';
import { flagged } from '../../core/targets/flags.ts';
import { targetEvents } from '../../core/targets/target-events.ts';
import { KitchenSite, pageWith, WALL } from './support/kitchen-site.ts';

const MINUTE = 60_000;

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.ofOakAndElm();
});
afterEach(() => site.close());

const work = (runId: string): PartitionWork => ({
  ...{ runId, source: 'kitchens', value: 'AZ', date: site.today(), targets: ['oak', 'elm'], force: false },
});
const leftOut = () =>
  site.events.flatMap((event) => (event.kind === 'left-out' ? [[event.target, event.reason]] : []));

describe('a crawl', () => {
  it('is claimed when its turn comes, ended once, and leaves on record what it brought', async () => {
    await site.run();
    expect(await site.get('oak')).toMatchObject({
      ...{ status: 'active', claim: null, recordCount: 1, totalAttempts: 1, totalSuccesses: 1 },
      ...{ lastCrawlAt: expect.any(Number), releasedAt: expect.any(Number), consecutiveFailures: 0 },
    });
    const { releasedAt, nextCrawlAt } = await site.get('oak');
    expect(nextCrawlAt).toBe(releasedAt! + 240 * MINUTE);
  });

  it('of a target that another run is at is left out: no attempt, no failure, and what was there stays', async () => {
    await site.run();
    await site.clock.sleep(241 * MINUTE);
    await site.claim('elm', 'another');
    site.pages.oak = pageWith('Salad');
    const end = await site.run({ all: true, targets: ['oak', 'elm'] });
    expect(end.kind === 'finished' && end.summary.run).toMatchObject({
      status: 'succeeded',
      items_found: 2,
      attempts: 1,
    });
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([2, 1]);
    expect(await site.failures()).toEqual([]);
    expect((await site.get('elm')).claim?.runId).toBe('another');
  });

  it('is refused where it is claimed in between, and the run says why', async () => {
    const runId = site.platform.newId();
    await site.claim('elm', 'another');
    expect(await scrape(site.platform, work(runId))).toEqual({ done: true });
    expect(leftOut()).toEqual([['elm', 'CLAIMED']]);
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([1, 0]);
    expect((await site.get('elm')).totalAttempts).toBe(0);
  });

  it('of two runs at once is one: the site sees one request for each target', async () => {
    const other = site.open();
    const runs = [site.platform, other].map((each) => scrape(each, work(each.newId())));
    expect(await Promise.all(runs)).toEqual([{ done: true }, { done: true }]);
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([1, 1]);
    expect(leftOut()).toHaveLength(2);
    await other.close();
  });

  it('goes on under the same run after its process died, and under no other', async () => {
    const runId = site.platform.newId();
    await site.claim('oak', runId);
    await site.clock.sleep(3 * MINUTE);
    await scrape(site.platform, work(site.platform.newId()));
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([0, 1]);
    await scrape(site.platform, work(runId));
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([1, 1]);
    expect((await site.get('oak')).claim).toBeNull();
  });

  it('that its run gave up before its turn came is none: the target is due still, and no failure', async () => {
    const runId = site.platform.newId();
    await site.claim('oak', runId);
    await recordFailures(site.platform, work(runId));
    expect((await site.failures()).map(({ item, code }) => [item, code])).toEqual([['oak', 'UNKNOWN_ERROR']]);
    expect(leftOut()).toEqual([['elm', 'NEXT_RUN']]);
    expect(await site.get('elm')).toMatchObject({ nextCrawlAt: null, lastCrawlAt: null, claim: null });
    expect(await site.get('oak')).toMatchObject({ consecutiveFailures: 1, claim: null });
  });

  it('that finds nothing new makes no version, in whatever order its targets were due', async () => {
    const due = (id: string, ago: number) =>
      site.change(id, (record) => ({ ...record, nextCrawlAt: site.clock.now() - ago }));
    const counts: unknown[] = [];
    for (const [first, second] of [
      ['oak', 'elm'],
      ['elm', 'oak'],
    ]) {
      await site.clock.sleep(3 * MINUTE);
      await due(first!, 2);
      await due(second!, 1);
      const end = await site.run();
      const { committed, unchanged } = (end.kind === 'finished' && end.summary.run) || {};
      counts.push([committed, unchanged]);
    }
    expect([site.askedFor('oak'), site.askedFor('elm'), ...counts]).toEqual([2, 2, [1, 0], [0, 1]]);
  });

  it('is told once when it ends, also where its end is played again, and says that its target failed', async () => {
    const crawled = () => site.events.filter(({ kind }) => kind === 'crawled');
    await site.change('oak', (record) => ({ ...record, consecutiveFailures: 9, status: 'degraded' }));
    site.pages.oak = 'down';
    const runId = site.platform.newId();
    await scrape(site.platform, work(runId)).catch(() => {});
    await recordFailures(site.platform, work(runId));
    await recordFailures(site.platform, work(runId));
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
    site.pages.oak = site.pages.elm = 'down';
    await site.change('elm', (record) => ({ ...record, maxRetries: 1 }));
    await site.change('oak', (record) => ({ ...record, maxRetries: 5 }));
    await site.run();
    expect([site.askedFor('oak'), site.askedFor('elm')]).toEqual([6, 2]);
    const { nextCrawlAt, releasedAt, ...elm } = await site.get('elm');
    expect(elm).toMatchObject({ consecutiveFailures: 1, backoffMultiplier: 2, totalAttempts: 2 });
    expect(nextCrawlAt! - releasedAt!).toBe(480 * MINUTE);
  });
});

describe('a wall', () => {
  const kinds = async () =>
    (await Array.fromAsync(targetEvents(site.platform.state, 'kitchens', 'elm')))
      .map(({ kind }) => kind)
      .reverse();

  it('sees one request, and another one only when its flag has expired; then twice as late', async () => {
    site.pages.elm = WALL;
    await site.run();
    expect(site.askedFor('elm')).toBe(1);
    await site.clock.sleep(1000 * MINUTE);
    await site.run({ all: true });
    expect(site.askedFor('elm')).toBe(1);
    await site.change('elm', (record) =>
      flagged(record, { reason: 'a wall', actor: 'anna', at: site.clock.now(), minutes: 60 }),
    );
    await site.clock.sleep(61 * MINUTE);
    await site.run({ all: true, targets: ['elm'] });
    expect(site.askedFor('elm')).toBe(2);
    expect((await site.get('elm')).skip).toMatchObject({
      reason: 'a wall',
      actor: 'anna',
      lastsMs: 120 * MINUTE,
    });
    await site.clock.sleep(119 * MINUTE);
    await site.run({ all: true, targets: ['elm'] });
    expect(site.askedFor('elm')).toBe(2);
    site.pages.elm = pageWith('Stew');
    await site.clock.sleep(2 * MINUTE);
    await site.run({ all: true, targets: ['elm'] });
    expect(site.askedFor('elm')).toBe(3);
    expect(await site.get('elm')).toMatchObject({ skip: null, consecutiveBlocks: 0, status: 'active' });
    expect(await kinds()).toEqual(['import', 'flag', 'flag', 'probe', 'renew', 'probe', 'unflag']);
  });

  it('behind which two runs would probe at once sees one request', async () => {
    site.pages.elm = WALL;
    await site.change('elm', (record) =>
      flagged(record, { reason: 'a wall', actor: 'anna', at: site.clock.now(), minutes: 60 }),
    );
    await site.clock.sleep(61 * MINUTE);
    const other = site.open();
    await Promise.all([site.platform, other].map((each) => scrape(each, work(each.newId()))));
    expect(site.askedFor('elm')).toBe(1);
    await other.close();
  });
});
