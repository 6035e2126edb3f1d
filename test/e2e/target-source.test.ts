import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeness } from '../../core/completeness/completeness.ts';
import { why } from '../../core/explain/why.ts';
import { retryNow } from '../../core/retry/claimed-retry.ts';
import { unaskedDates } from '../../core/run/unasked.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { dishes, inArizona, KitchenSite, WALL } from './support/kitchen-site.ts';
import { todayOf } from './support/test-time.ts';

const TODAY = todayOf(kitchens);

let site: KitchenSite;
beforeEach(async () => {
  site = await KitchenSite.start();
  site.pages = {
    oak: dishes(['Soup', '4.10', 'hot vegan'], ['Pie', '12.35']),
    elm: dishes(['Stew', '9.99']),
    fir: dishes(['Rice', '3.00']),
  };
  await site.register(
    inArizona('oak'),
    inArizona('elm'),
    { id: 'fir', attributes: { state: 'NM', path: 'fir' } },
    { id: 'new', attributes: { state: 'NM', path: '' } },
  );
});
afterEach(() => site.close());

describe('a source with one page for each target, and no index', () => {
  const menu = () =>
    site.query(
      'SELECT state, kitchen_id, dish, price, tags FROM menu_dishes ORDER BY state, kitchen_id, dish',
    );

  it('is partitioned by an attribute of its targets, and read back as it was published', async () => {
    const { run: row, partitions } = await site.finished();
    expect(row).toMatchObject({ status: 'succeeded', partitions: 2, items_found: 3 });
    expect(partitions.map(({ name }) => name)).toEqual([`kitchens/AZ/${TODAY}`, `kitchens/NM/${TODAY}`]);
    expect(await menu()).toEqual([
      { state: 'AZ', kitchen_id: 'elm', dish: 'Stew', price: 9.99, tags: null },
      { state: 'AZ', kitchen_id: 'oak', dish: 'Pie', price: 12.35, tags: null },
      { state: 'AZ', kitchen_id: 'oak', dish: 'Soup', price: 4.1, tags: '["hot","vegan"]' },
      { state: 'NM', kitchen_id: 'fir', dish: 'Rice', price: 3, tags: null },
    ]);
    const query = { start: TODAY, end: TODAY, today: TODAY };
    const report = await completeness(site.platform.state, site.source, query);
    expect(report.targets.map(({ target, items }) => [target, items.expected])).toEqual([
      ['AZ', 2],
      ['NM', 1],
    ]);
    expect((await why(site.platform, site.source, { value: 'AZ', date: TODAY }, null)).answer).toContain(
      '2 of 2 items found',
    );
  });

  it('asks each target when it is due, and all with force; what others gave stays', async () => {
    await site.finished();
    const idle = await site.run();
    expect(idle.kind).toBe('nothing-due');
    await site.clock.sleep(2 * 60_000);
    site.pages.elm = dishes(['Salad', '5.50']);
    site.pages.oak = dishes(['Gone', '1.00']);
    await site.finished({ targets: ['elm'], force: true });
    expect([site.askedFor('elm'), site.askedFor('oak')]).toEqual([2, 1]);
    expect((await menu()).map(({ dish: name }) => name)).toEqual(['Salad', 'Pie', 'Soup', 'Rice']);
    await site.clock.sleep(240 * 60_000);
    expect((await site.finished()).run).toMatchObject({ partitions: 2 });
    expect((await menu()).map(({ dish: name }) => name)).toEqual(['Salad', 'Gone', 'Rice']);
  });

  it('fails one target alone; a retry brings it, and the record is that target’s', async () => {
    site.pages.elm = 'down';
    const { run: row } = await site.finished();
    expect(row).toMatchObject({ status: 'incomplete', items_found: 2, items_failed: 1 });
    const [failure] = await site.failures();
    expect(failure).toMatchObject({ target: 'elm', value: 'AZ', item: 'elm', code: 'SERVER_ERROR' });
    expect(await site.get('elm')).toMatchObject({ totalAttempts: 4, totalSuccesses: 0 });
    expect(await site.get('oak')).toMatchObject({ totalAttempts: 1, totalSuccesses: 1 });
    site.pages.elm = dishes(['Stew', '9.99']);
    await site.clock.sleep(2 * 60_000);
    const key = { source: 'kitchens', partition: { value: 'AZ', date: TODAY }, item: 'elm' };
    expect(await retryNow(site.platform, site.source, key)).toMatchObject({ kind: 'recovered' });
    expect((await menu()).map(({ kitchen_id }) => kitchen_id)).toEqual(['elm', 'oak', 'oak', 'fir']);
    expect((await site.failures())[0]?.state).toBe('recovered');
  });

  it('flags the target that stands behind a wall, not its partition', async () => {
    site.pages.elm = WALL;
    await site.finished();
    expect((await site.get('elm')).skip).not.toBeNull();
    expect((await site.get('oak')).skip).toBeNull();
    expect((await site.get('AZ')).totalAttempts).toBe(0);
    expect((await menu()).map(({ kitchen_id }) => kitchen_id)).toEqual(['oak', 'oak', 'fir']);
  });

  it('refuses targets that do not fit', async () => {
    const wrong = (id: string, attributes: Record<string, string>) => site.register({ id, attributes });
    await expect(wrong('../x', { state: 'AZ', path: 'x' })).rejects.toThrow('not an identifier');
    await expect(wrong('x', { state: 'null', path: 'x' })).rejects.toThrow('target x: state "null"');
    await expect(wrong('x', { path: 'x' })).rejects.toThrow('target x: state: ');
  });

  it('has what runs left undone of a target told by the partition that it is in', async () => {
    await site.finished();
    const since = site.clock.now();
    await site.clock.sleep(5 * 3_600_000);
    await site.finished({ targets: ['oak'] });
    expect(await unaskedDates(site.platform, site.source, 'oak', since)).toBeUndefined();
  });
});
