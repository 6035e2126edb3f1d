import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reparse } from '../../../core/run/reparse.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { DATE, INDEX, ListedSite, listedSource, listPage, VOID_PAGE } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
beforeEach(async () => {
  site = await ListedSite.start();
});
afterEach(() => site[Symbol.asyncDispose]());

describe('an item that the index lists without a result', () => {
  it('is recorded and counted apart, not asked for and not expected', async () => {
    site.index(listPage(['a', ['b', 'pending'], ['c', 'abandoned'], ['d', 'void'], 'e']));
    site.item('e', VOID_PAGE);
    const summary = await site.run();
    expect(summary.partitions[0]!.result).toMatchObject({
      status: 'committed',
      rows: 1,
      stats: { expected: 1, found: 1, empty: 1, pending: 1, abandoned: 1, void: 1, failed: 0 },
    });
    expect(summary.run).toMatchObject({
      status: 'succeeded',
      items_expected: 1,
      items_found: 1,
      items_pending: 1,
      items_without_result: 3,
      items_withdrawn: 0,
    });
    expect(site.asked().sort()).toEqual(['/item/a', '/item/e', INDEX]);
    expect(await site.states()).toEqual({ a: 'found', b: 'pending', c: 'abandoned', d: 'void', e: 'empty' });
    expect((await logRows(site.directory, 'commits'))[0]).toMatchObject({
      items_expected: 1,
      items_pending: 1,
      items_abandoned: 1,
      items_void: 1,
      items_withdrawn: 0,
    });
    expect((await site.completeness()).targets[0]!.items).toMatchObject({
      expected: 1,
      pending: 1,
      abandoned: 1,
      void: 1,
      empty: 1,
    });
    expect((await site.why()).answer).toContain(
      '1 of 1 items found, 1 pending, 1 abandoned, 1 void, 1 empty',
    );
    expect((await site.why('c')).answer).toBe('the index lists it as abandoned: no rows are expected');
  });

  it('keeps its day open while it is pending, and is fetched once it is ready', async () => {
    site.index(listPage(['a', ['b', 'pending']]));
    await site.publish();
    expect(await site.status()).toEqual(['open', '1 item has no result yet']);
    expect((await site.completeness()).verdict).toBe('open');
    expect((await site.why('b')).answer).toContain('without a result yet');

    site.index(listPage(['a', 'b']));
    expect(await site.publish()).toMatchObject({
      status: 'committed',
      rows: 2,
      stats: { pending: 0, found: 2 },
    });
    expect(await site.rows()).toEqual(['a:text of a', 'b:text of b']);
    expect(await site.status()).toEqual(['complete', null]);
  });

  it('makes a version of its own where only its status changes, once', async () => {
    site.index(listPage(['a', ['b', 'pending']]));
    const first = await site.publish();
    site.index(listPage(['a', ['b', 'void']]));
    const second = await site.publish();
    expect(second).toMatchObject({ status: 'committed', changed: false, previous: first.version });
    expect(await site.states()).toEqual({ a: 'found', b: 'void' });
    expect(await site.publish()).toMatchObject({ status: 'unchanged', version: second.version });
    expect(await site.status()).toEqual(['complete', null]);
  });

  it('stands as it did where a 304 confirms the index', async () => {
    site.index((request) =>
      request.headers['if-none-match']
        ? { status: 304 }
        : { body: listPage(['a', ['b', 'pending'], ['c', 'void']]), headers: { etag: '"i"' } },
    );
    const first = await site.publish();
    site.asked();
    expect(await site.publish()).toMatchObject({
      status: 'unchanged',
      version: first.version,
      stats: { expected: 1, found: 1, pending: 1, void: 1 },
    });
    expect(site.asked()).toEqual([INDEX, '/item/a']);
  });

  it('of a day on which nothing else is listed is a version without rows, and no empty day', async () => {
    site.index(
      listPage([
        ['a', 'abandoned'],
        ['b', 'abandoned'],
      ]),
    );
    expect(await site.publish()).toMatchObject({
      status: 'committed',
      rows: 0,
      stats: { expected: 0, abandoned: 2 },
    });
    expect(await site.status()).toEqual(['complete', null]);
  });

  it.each(['abandoned', 'void'] as const)(
    'loses the rows that it had where it becomes %s, by name',
    async (status) => {
      site.index(listPage(['a', 'b', 'c']));
      await site.publish();
      site.index(listPage(['a', 'b', ['c', status]]));
      const summary = await site.run();
      expect(summary.partitions[0]!.result).toMatchObject({
        status: 'committed',
        rows: 2,
        withdrawn: [{ id: 'c', rows: 1, why: status }],
      });
      expect(summary.run).toMatchObject({ status: 'incomplete', items_withdrawn: 1, items_failed: 0 });
      expect((await site.why('c')).answer).toContain(`as ${status}`);
      expect((await site.why('c')).answer).toContain('the 1 rows that it had went with version');
    },
  );

  it('is carried over where it had rows and the index says that its result is still to come', async () => {
    site.index(listPage(['a', 'b', 'c']));
    await site.publish();
    site.index(listPage(['a', 'b', ['c', 'pending']]));
    expect(await site.publish()).toMatchObject({
      status: 'committed',
      rows: 3,
      withdrawn: [],
      stats: { pending: 0, carried: 1, failed: 1 },
    });
    expect(await site.states()).toEqual({ a: 'found', b: 'found', c: 'carried' });
    expect((await site.status())[0]).toBe('incomplete');
    site.asked();
    expect(await site.publish()).toMatchObject({ status: 'unchanged', stats: { carried: 1 } });
    expect(site.asked()).not.toContain('/item/c');
    site.index(listPage(['a', 'b', 'c']));
    expect(await site.publish()).toMatchObject({ rows: 3, stats: { carried: 0, failed: 0 } });
    const back = (await site.current())!.items.find(({ id }) => id === 'c');
    expect([back?.state, back?.listed]).toEqual(['found', undefined]);
    site.item('c', { status: 404 });
    expect(await site.publish()).toMatchObject({ rows: 3, stats: { pending: 0, carried: 1, failed: 1 } });
  });

  it('is no failure any more, and is not tried again', async () => {
    site.index(listPage(['a', 'b']));
    site.item('b', { status: 404 });
    await site.publish();
    expect(await site.failures()).toMatchObject([{ item: 'b', state: 'open' }]);
    site.index(listPage(['a', ['b', 'abandoned']]));
    await site.publish();
    expect(await site.failures()).toMatchObject([{ item: 'b', state: 'recovered' }]);
    expect(await site.status()).toEqual(['complete', null]);
  });

  it('fails like any other where it was pending and its page does not come', async () => {
    site.index(listPage(['a', ['b', 'pending']]));
    await site.publish();
    site.index(listPage(['a', 'b']));
    site.item('b', { status: 404 });
    expect(await site.publish()).toMatchObject({
      rows: 1,
      stats: { expected: 2, found: 1, failed: 1, carried: 0 },
    });
    expect((await site.status())[0]).toBe('incomplete');
  });

  it('is read again from captures as such', async () => {
    site.index(listPage(['a', ['b', 'pending'], ['c', 'void']]));
    await site.publish();
    const platform = site.open(listedSource({ parserVersion: 2 }));
    try {
      const [again] = await Array.fromAsync(
        reparse(platform, platform.sources[0]!, { start: DATE, end: DATE }),
      );
      expect(again).toMatchObject({ unreadable: [], result: { stats: { pending: 1, void: 1, found: 1 } } });
    } finally {
      await platform.close();
    }
    expect(await site.states()).toEqual({ a: 'found', b: 'pending', c: 'void' });
  });
});

describe('today', () => {
  it('is open while its day is not over where the source is, and complete after a look that came later', async () => {
    site.index(listPage(['a']));
    site.clock.set('2026-03-10T23:30:00Z');
    await site.publish();
    expect(await site.status()).toEqual(['open', 'its day is not over']);
    site.clock.set('2026-03-11T01:00:00Z');
    expect(await site.status()).toEqual(['open', 'its day was not over when it was refreshed']);
    await site.publish();
    expect(await site.status()).toEqual(['complete', null]);
  });

  it('is missing, not open, where nothing was published', async () => {
    site.clock.set('2026-03-10T12:00:00Z');
    site.index({ status: 500 });
    await site.publish();
    expect((await site.status())[0]).toBe('missing');
  });
});
