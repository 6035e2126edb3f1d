import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { why } from '../../core/explain/why.ts';
import { claimRetry } from '../../core/failures/claim.ts';
import { FailureStore, keyOf } from '../../core/failures/failure-store.ts';
import { MAX_DELIVERIES } from '../../core/failures/retry-policy.ts';
import { declareDead, retryItem, retryNow } from '../../core/retry/claimed-retry.ts';
import { readDeadLetters } from '../../core/retry/dead-letters.ts';
import { handleFailedItem } from '../../core/retry/handle-message.ts';
import { KitchenSite, pageWith } from './support/kitchen-site.ts';

const MINUTE = 60_000;

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.ofOakAndElm();
});
afterEach(() => site.close());

describe('a retry of a failed item', () => {
  const failed = async () => {
    site.pages.elm = 'down';
    await site.run();
    site.pages.elm = pageWith('Stew');
    return keyOf((await site.failures())[0]!);
  };

  it('waits for the gap, and is a crawl of its own', async () => {
    const key = await failed();
    const asked = site.askedFor('elm');
    expect(await retryNow(site.platform, site.source, key)).toMatchObject({ kind: 'not-yet' });
    expect(site.askedFor('elm')).toBe(asked);
    await site.clock.sleep(2 * MINUTE);
    expect(await retryNow(site.platform, site.source, key)).toMatchObject({ kind: 'recovered' });
    expect(await site.get('elm')).toMatchObject({
      claim: null,
      consecutiveFailures: 0,
      backoffMultiplier: 1,
    });
  });

  it.each(['message', 'person'] as const)(
    'asks for nothing of a day that is over, whether a %s wants it: the failure is dismissed',
    async (who) => {
      const key = await failed();
      const asked = site.requests.length;
      const due = (await site.get('elm')).nextCrawlAt;
      await site.clock.sleep(24 * 60 * MINUTE);
      const retried =
        who === 'message' ? retryItem(site.platform, key) : retryNow(site.platform, site.source, key);
      const why = 'its day is over; the next crawl finds what is there now';
      expect(await retried).toEqual({ kind: 'closed', why });
      expect(site.requests).toHaveLength(asked);
      const [failure] = await site.failures();
      expect(failure).toMatchObject({ state: 'dismissed', claim: null });
      expect(failure!.transitions.at(-1)).toMatchObject({ state: 'dismissed', why });
      expect((await site.get('elm')).nextCrawlAt).toBe(due);
    },
  );

  it('of a dead letter is put back on its day alone, and no advice names one after it', async () => {
    const key = await failed();
    await declareDead(site.platform, key, { by: 'r', why: 'used up' });
    const entry = async () => (await readDeadLetters(site.platform))[0]!;
    expect(await entry()).toMatchObject({ status: 'dead', obstacle: null });
    await site.clock.sleep(24 * 60 * MINUTE);
    const { obstacle, next, id } = await entry();
    expect(obstacle).toBe('its day is over; the next crawl finds what is there now');
    expect(next.map(({ command }) => command)).toEqual([`rescrape dead-letters purge ${id} --confirm`]);
    const told = await why(site.platform, site.source, key.partition, key.item);
    const commands = told.next.map(({ command }) => command ?? '');
    expect(commands.filter((text) => /rescrape (retry|run|dead-letters)/.test(text))).toEqual([]);
    expect(commands).toContainEqual(expect.stringContaining('rescrape failures clear'));
  });

  it('asks for nothing either where its worker died on the day: what it left is put on record', async () => {
    const key = await failed();
    await site.clock.sleep(60 * MINUTE);
    const store = new FailureStore(site.platform.state);
    await claimRetry(store, key, 'person', { now: site.clock.now(), newRunId: site.platform.newId() });
    const asked = site.requests.length;
    await site.clock.sleep(24 * 60 * MINUTE);
    expect(await retryItem(site.platform, key)).toMatchObject({ kind: 'closed' });
    expect(site.requests).toHaveLength(asked);
    expect((await site.failures())[0]).toMatchObject({ state: 'dismissed' });
  });

  it('comes again later where a run is at its target, and uses up no try', async () => {
    const key = await failed();
    await site.clock.sleep(60 * MINUTE);
    await site.claim('elm', 'another');
    const answer = await retryItem(site.platform, key);
    expect(answer).toMatchObject({ kind: 'not-yet' });
    expect(answer.kind === 'not-yet' && answer.delayMs).toBeGreaterThan(29 * MINUTE);
    await site.clock.sleep(31 * MINUTE);
    expect(await retryItem(site.platform, key)).toMatchObject({ kind: 'recovered' });
    expect((await site.failures())[0]?.retry?.tries ?? 1).toBe(1);
  });

  it('has its message sent anew meanwhile, however often: waiting uses up no delivery', async () => {
    const key = await failed();
    await site.clock.sleep(60 * MINUTE);
    await site.claim('elm', 'another');
    const receive = async () =>
      (await site.platform.failedItems.receive({ max: 1, visibilityMs: MINUTE }))[0]!;
    const delivery = { ...(await receive()), deliveries: MAX_DELIVERIES };
    const asked = site.askedFor('elm');
    expect(await handleFailedItem(site.platform, delivery)).toMatchObject({ kind: 'not-yet' });
    expect(site.askedFor('elm')).toBe(asked);
    expect(await new FailureStore(site.platform.state).get(key)).toMatchObject({ state: 'queued' });
    expect(await site.platform.failedItems.depth()).toMatchObject({
      due: 0,
      delayed: 1,
      inFlight: 0,
      dead: 0,
    });
    await site.clock.sleep(31 * MINUTE);
    const again = await receive();
    expect(again).toMatchObject({ body: delivery.body, deliveries: 1 });
    expect(await handleFailedItem(site.platform, again)).toMatchObject({ kind: 'recovered' });
    expect(await site.platform.failedItems.depth()).toMatchObject({
      due: 0,
      delayed: 0,
      inFlight: 0,
      dead: 0,
    });
  });

  it('of a partition that has nothing yet asks for its own target alone', async () => {
    site.pages.oak = 'down';
    const key = await failed();
    site.pages.oak = pageWith('Soup');
    await site.clock.sleep(2 * MINUTE);
    const asked = site.askedFor('oak');
    expect(await retryNow(site.platform, site.source, key)).toMatchObject({ kind: 'recovered' });
    expect(site.askedFor('oak')).toBe(asked);
  });
});
