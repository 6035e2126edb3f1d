import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publish } from '../../../core/publish/publish.ts';
import { plan } from '../../../core/run/plan.ts';
import { reparse } from '../../../core/run/reparse.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { DATE, INDEX, ListedSite, listedSource, listPage, PLACE } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
beforeEach(async () => {
  site = await ListedSite.start();
});
afterEach(() => site[Symbol.asyncDispose]());

const PAGE_2 = `${INDEX}?page=2`;
const PAGE_3 = `${INDEX}?page=3`;

/** Three pages of two items each. */
function threePages(): void {
  site.index(listPage(['a', 'b'], { more: '?page=2' }));
  site.pages.set(PAGE_2, { body: listPage(['c', 'd'], { more: PAGE_3 }) });
  site.pages.set(PAGE_3, { body: listPage(['e', 'f']) });
}

const attemptsAtIndex = async () =>
  (await logRows(site.directory, 'attempts'))
    .filter((row) => row.item_id === 'index')
    .sort((a, b) => (String(a.attempt_id) < String(b.attempt_id) ? -1 : 1));

describe('an index of several pages', () => {
  it('is the items of all of them, each page an attempt on record with its capture', async () => {
    threePages();
    expect(await site.publish()).toMatchObject({
      status: 'committed',
      rows: 6,
      stats: { expected: 6, found: 6 },
    });
    expect(site.asked().slice(0, 3)).toEqual([INDEX, PAGE_2, PAGE_3]);
    const attempts = await attemptsAtIndex();
    expect(attempts.map(({ url }) => new URL(String(url)).pathname + new URL(String(url)).search)).toEqual([
      INDEX,
      PAGE_2,
      PAGE_3,
    ]);
    expect(attempts.map(({ attempt_number, error_code }) => [attempt_number, error_code])).toEqual(
      Array(3).fill([1, 'SUCCESS']),
    );
    expect(new Set(attempts.map(({ capture }) => capture)).size).toBe(3);
    expect((await site.current())!.index).toMatchObject({ pages: 3 });
  });

  it('is never asked for conditionally, because a 304 of one page says nothing of the others', async () => {
    threePages();
    const etag = { etag: '"1"', 'last-modified': 'Tue, 10 Mar 2026 10:00:00 GMT' };
    site.index({ body: listPage(['a', 'b'], { more: '?page=2' }), headers: etag });
    await site.publish();
    site.site.requests.length = 0;
    expect(await site.publish()).toMatchObject({ status: 'unchanged' });
    const [index] = site.site.requests.filter(({ path }) => path === INDEX);
    expect(index!.headers['if-none-match']).toBeUndefined();
    expect(index!.headers['if-modified-since']).toBeUndefined();
  });

  it('goes on with the page that failed, and reads none of the others again', async () => {
    threePages();
    site.pages.set(PAGE_2, (_, hit) =>
      hit === 1 ? { status: 500 } : { body: listPage(['c', 'd'], { more: PAGE_3 }) },
    );
    expect(await site.publish()).toMatchObject({ status: 'committed', stats: { found: 6 } });
    expect(site.asked().filter((path) => path.startsWith('/list'))).toEqual([INDEX, PAGE_2, PAGE_2, PAGE_3]);
  });

  it('of which a page never comes is not read at all: nothing is published, and the failure names the page', async () => {
    threePages();
    site.pages.set(PAGE_2, { status: 500 });
    expect(await site.publish()).toMatchObject({
      status: 'failed',
      version: null,
      stats: { indexRead: false },
      reason: expect.stringContaining('SERVER_ERROR'),
    });
    expect(await site.failures()).toMatchObject([
      { item: 'index', code: 'SERVER_ERROR', attempts: 3, url: site.site.origin + PAGE_2 },
    ]);
    threePages();
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 6 });
    expect(await site.failures()).toMatchObject([{ item: 'index', state: 'recovered' }]);
  });

  it.each([
    ['a page that it had before', listPage(['c'], { more: INDEX }), 'a page that it had before'],
    ['itself', listPage(['c'], { more: '?page=2#top' }), 'a page that it had before'],
    ['no address', listPage(['c'], { more: 'http://[' }), 'no address'],
    ['another kind of address', listPage(['c'], { more: 'file:///etc/passwd' }), 'no address'],
    ['an item that it had before', listPage(['c', 'a']), 'item a twice'],
    [
      'nothing, though the first page had items',
      listPage([], { none: 'nothing' }),
      'says that there is nothing',
    ],
    ['no items at all', listPage([]), 'lists nothing'],
  ])('of which the second page leads to %s is an error', async (_, second, message) => {
    site.index(listPage(['a', 'b'], { more: '?page=2' }));
    site.pages.set(PAGE_2, { body: second });
    const result = await site.publish();
    expect(result).toMatchObject({ status: 'failed', version: null });
    expect(result.reason).toContain(message);
  });

  it('that never ends is given up', async () => {
    site.index(listPage(['i1'], { more: '/more/2' }));
    for (let page = 2; page <= 60; page++)
      site.pages.set(`/more/${page}`, { body: listPage([`i${page}`], { more: `/more/${page + 1}` }) });
    expect((await site.publish()).reason).toContain('more than 50 pages');
    expect(site.asked()).toHaveLength(50);
  });

  it('is gone on with where it was broken off, by whoever comes next', async () => {
    threePages();
    const input = { runId: site.platform.newId(), source: 'listed', start: DATE, end: DATE, force: false };
    await plan(site.platform, input);
    const work = { runId: input.runId, source: 'listed', ...PLACE, force: false };
    expect(await scrape(site.platform, work, () => true)).toEqual({ done: false });
    expect(site.asked()).toEqual([INDEX]);
    const another = site.open(site.source);
    try {
      expect(await scrape(another, work)).toEqual({ done: true });
      expect(site.asked().filter((path) => path.startsWith('/list'))).toEqual([PAGE_2, PAGE_3]);
      expect(await publish(another, work)).toMatchObject({ status: 'committed', stats: { found: 6 } });
    } finally {
      await another.close();
    }
  });

  it('that is given up between two pages is no index', async () => {
    threePages();
    const input = { runId: site.platform.newId(), source: 'listed', start: DATE, end: DATE, force: false };
    await plan(site.platform, input);
    const work = { runId: input.runId, source: 'listed', ...PLACE, force: false };
    await scrape(site.platform, work, () => true);
    await recordFailures(site.platform, work);
    expect(await publish(site.platform, work)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('page 2 of the index was not asked for'),
    });
  });

  it('is read again from the captures of one run, without a request', async () => {
    threePages();
    await site.publish();
    site.index(listPage(['a', 'b'], { more: '?page=2' }));
    site.pages.set(PAGE_2, { status: 500 });
    await site.publish();
    site.asked();
    const platform = site.open(listedSource({ parserVersion: 2 }));
    try {
      const [again] = await Array.fromAsync(
        reparse(platform, platform.sources[0]!, { start: DATE, end: DATE }),
      );
      expect(again).toMatchObject({ pages: 6, unreadable: [], result: { stats: { found: 6 } } });
      expect((await site.current())!.index).toMatchObject({ pages: 3 });
    } finally {
      await platform.close();
    }
    expect(site.asked()).toEqual([]);
  });
});

describe('an index that sends on to another page', () => {
  const moved = listPage([], { again: '/elsewhere' });

  it('is asked once more, then followed; the note is on record, and handed on', async () => {
    site.index(moved);
    site.pages.set('/elsewhere', { body: listPage(['a']) });
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 1 });
    expect(site.asked()).toEqual([INDEX, INDEX, '/elsewhere', '/item/a']);
    const attempts = await attemptsAtIndex();
    expect(attempts.map(({ error_code, attempt_number }) => [error_code, attempt_number])).toEqual([
      ['NO_RECORDS', 1],
      ['SUCCESS', 2],
      ['SUCCESS', 1],
    ]);
    expect(attempts[1]!.error_message).toContain('moved to /elsewhere, after 0 notes');
  });

  it('hands all notes on', async () => {
    site.index(moved);
    site.pages.set('/elsewhere', { body: listPage([], { again: '/further' }) });
    site.pages.set('/further', { body: listPage([], { none: 'a holiday' }) });
    expect(await site.publish()).toMatchObject({ status: 'committed', sign: 'a holiday', rows: 0 });
    const attempts = await attemptsAtIndex();
    expect(attempts.map(({ error_message }) => error_message)).toContain(
      `moved to /further, after 1 notes; ${site.site.origin}/further is asked next`,
    );
  });

  it('in a circle is an error', async () => {
    site.index(moved);
    site.pages.set('/elsewhere', { body: listPage([], { again: INDEX }) });
    expect(await site.publish()).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('a page that it had before'),
    });
  });

  it('is read again from its captures as in its run: what counts is the second try', async () => {
    site.index(moved);
    site.pages.set('/elsewhere', { body: listPage(['a']) });
    await site.publish();
    const platform = site.open(listedSource({ parserVersion: 2 }));
    try {
      const [again] = await Array.fromAsync(
        reparse(platform, platform.sources[0]!, { start: DATE, end: DATE }),
      );
      expect(again).toMatchObject({ pages: 1, unreadable: [] });
    } finally {
      await platform.close();
    }
  });
});
