import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reparse } from '../../../core/run/reparse.ts';
import { DATE, ListedSite, listedSource, listPage } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
beforeEach(async () => {
  site = await ListedSite.start();
  site.index(listPage(['a', 'b']));
});
afterEach(() => site[Symbol.asyncDispose]());

const MORNING = { 'last-modified': 'Wed, 11 Mar 2026 08:00:00 GMT' };
const EVENING = { 'last-modified': 'Wed, 11 Mar 2026 20:00:00 GMT' };
const page = (text: string, headers: Record<string, string>) => ({
  body: `<html><b>${text}</b></html>`,
  headers,
});

describe('an answer that is older than what is held', () => {
  it('by its Last-Modified keeps the rows, is told, and is asked for again', async () => {
    site.item('a', page('amended', EVENING));
    await site.publish();
    site.asked();
    site.item('a', page('first', MORNING));
    expect(await site.publish()).toMatchObject({ stats: { found: 1, carried: 1, failed: 1 } });
    expect(site.asked().filter((path) => path === '/item/a')).toHaveLength(3);
    expect(await site.rows()).toEqual(['a:amended', 'b:text of b']);
    expect(await site.status()).toEqual(['incomplete', '1 item failed, 1 of them carried over from before']);
    expect(await site.failures()).toMatchObject([{ item: 'a', code: 'SERVER_ERROR', state: 'queued' }]);
    const { attempts } = await site.why('a');
    expect(attempts.at(-1)).toMatchObject({
      rule: 'stale-copy',
      error_message: expect.stringContaining('a stale copy'),
    });

    site.item('a', page('amended again', EVENING));
    expect(await site.publish()).toMatchObject({ stats: { found: 2, failed: 0 } });
    expect(await site.rows()).toEqual(['a:amended again', 'b:text of b']);
  });

  it('by its Age undoes nothing either', async () => {
    site.item('a', page('amended', {}));
    await site.publish();
    site.clock.set('2026-03-13T01:00:00Z');
    site.item('a', page('first', { age: String(26 * 3600) }));
    expect(await site.publish()).toMatchObject({ stats: { carried: 1 } });
    expect(await site.rows()).toContain('a:amended');
    site.item('a', page('second', { age: String(20 * 3600) }));
    expect(await site.publish()).toMatchObject({ stats: { failed: 0 } });
    expect(await site.rows()).toContain('a:second');
  });

  it('is the same copy as before where only its Age grew', async () => {
    site.item('a', page('cached', { age: '3600' }));
    await site.publish();
    site.clock.set('2026-03-13T01:00:00Z');
    site.item('a', page('cached', { age: String(25 * 3600) }));
    expect(await site.publish()).toMatchObject({ status: 'unchanged', stats: { failed: 0 } });
  });

  it.each([
    ['by seconds only', { 'last-modified': 'Wed, 11 Mar 2026 19:59:30 GMT' }],
    ['by a date that is none', { 'last-modified': 'yesterday' }],
    ['by an age that is none', { ...EVENING, age: '-5' }],
    ['by nothing that it says', {}],
  ])('%s is taken', async (_, headers) => {
    site.item('a', page('one', EVENING));
    await site.publish();
    site.item('a', page('two', headers));
    expect(await site.publish()).toMatchObject({ status: 'committed', stats: { failed: 0 } });
    expect(await site.rows()).toContain('a:two');
  });

  it.each([
    ['says no age', {}],
    ['is seconds old', { age: '5' }],
  ])('is none because our clock ran ahead once, where it %s', async (_, headers) => {
    site.clock.set('2026-06-01T01:00:00Z');
    site.item('a', page('one', {}));
    await site.publish({ force: true });
    site.clock.set('2026-03-13T01:00:00Z');
    site.item('a', page('two', headers));
    const summary = await site.run();
    expect(summary.run.items_failed).toBe(0);
  });

  it('is taken where every page is asked for in full by a person', async () => {
    site.item('a', page('amended', EVENING));
    await site.publish();
    site.item('a', page('put back', MORNING));
    expect(await site.publish({ force: true })).toMatchObject({ status: 'committed', stats: { failed: 0 } });
    expect(await site.rows()).toContain('a:put back');
  });

  it('is no index: the version stays as it is', async () => {
    site.index({ body: listPage(['a', 'b', 'c']), headers: EVENING });
    await site.publish();
    site.index({ body: listPage(['a', 'b']), headers: MORNING });
    expect(await site.publish()).toMatchObject({
      status: 'failed',
      rows: 3,
      reason: expect.stringContaining('stale copy'),
    });
    expect(await site.rows()).toHaveLength(3);
    expect(await site.status()).toEqual(['incomplete', '3 items failed, 3 of them carried over from before']);
  });

  it('is not what a reparse takes its captures for', async () => {
    site.item('a', page('amended', EVENING));
    site.index({ body: listPage(['a', 'b', 'c']), headers: EVENING });
    await site.publish();
    site.item('a', page('first', MORNING));
    await site.publish();
    site.index({ body: listPage(['a', 'b']), headers: MORNING });
    await site.publish();
    const platform = site.open(listedSource({ parserVersion: 2 }));
    try {
      await Array.fromAsync(reparse(platform, platform.sources[0]!, { start: DATE, end: DATE }));
    } finally {
      await platform.close();
    }
    expect(await site.rows()).toEqual(['a:amended', 'b:text of b', 'c:text of c']);
  });
});
