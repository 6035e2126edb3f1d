import { afterEach, beforeEach, expect, it } from 'vitest';
import { advise } from '../../core/advice/advise.ts';
import { why } from '../../core/explain/why.ts';
import { DeathStore } from '../../core/state/death-store.ts';
import { KitchenSite } from './support/kitchen-site.ts';

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.ofOakAndElm();
});
afterEach(() => site.close());

it('a page that is blamed for two deaths comes when its target is crawled as advised', async () => {
  const partition = { value: 'AZ', date: site.today() };
  await new DeathStore(site.platform.state, site.source, partition).add(['elm']);
  await site.finished();
  expect(site.askedFor('elm')).toBe(0);
  const failures = await site.failures();
  expect(failures).toMatchObject([{ item: 'elm', code: 'TOO_LARGE', state: 'open' }]);
  const advised = 'rescrape run kitchens --target elm --force';
  const shown = { kind: 'failure', failure: failures[0]!, now: site.clock.now(), isEvery: true } as const;
  const told = [
    (await why(site.platform, site.source, partition, 'elm')).next,
    (await why(site.platform, site.source, partition, null)).next,
    advise({ ...shown, skip: null }),
  ];
  for (const next of told) {
    expect(next.map(({ command }) => command)).toContain(advised);
    const runs = next.filter(({ command }) => command?.startsWith('rescrape run '));
    expect(runs).toHaveLength(1);
    expect(JSON.stringify(next)).not.toContain('maxDecodedBytes');
  }
  await site.clock.sleep(121_000);
  const { run } = await site.finished({ targets: ['elm'], force: true });
  expect(run).toMatchObject({ status: 'succeeded', items_found: 2, items_failed: 0 });
  expect([site.askedFor('elm'), site.askedFor('oak')]).toEqual([1, 1]);
  expect(await site.failures()).toMatchObject([{ item: 'elm', state: 'recovered' }]);
  await site.clock.sleep(5 * 3_600_000);
  await site.finished();
  expect(site.askedFor('elm')).toBe(2);
});
