import { afterEach, describe, expect, it } from 'vitest';
import type { WholeIndex } from '../../../core/source/source.ts';
import { type Answer, INDEX, ListedSite, listPage } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
afterEach(() => site[Symbol.asyncDispose]());

const GOOD = listPage(['a', 'b']);
const none = (sign: string) => listPage([], { none: sign });

async function published(answer: Answer | string, whole?: WholeIndex) {
  site = await ListedSite.start(whole ? { whole } : {});
  site.index(answer);
  const result = await site.publish();
  return { result, failures: await site.failures() };
}

describe('an index is not believed', () => {
  it.each<[string, Answer | string, WholeIndex | undefined, string, string]>([
    [
      'that was cut',
      GOOD.slice(0, -20),
      undefined,
      'NETWORK_ERROR',
      'the index was cut: </html> is not at its end (a page that ends otherwise: discover.whole.end)',
    ],
    [
      'of which so little came that its parser misses all',
      '<html><body>',
      undefined,
      'NETWORK_ERROR',
      'was cut',
    ],
    [
      'that was cut, though it says that the day is empty',
      none('x').slice(0, -20),
      undefined,
      'NETWORK_ERROR',
      'was cut',
    ],
    ['whose own landmark is not at its end', GOOD, { end: /<footer>/ }, 'NETWORK_ERROR', 'was cut'],
    [
      'whose landmark stands at its beginning only',
      listPage(['a'], { head: '</html>', end: `${' '.repeat(5000)}` }),
      undefined,
      'NETWORK_ERROR',
      'was cut',
    ],
    [
      'that comes as something else',
      { body: GOOD, headers: { 'content-type': 'application/xml' } },
      { contentTypes: ['text/html'] },
      'HTML_CHANGED',
      'application/xml',
    ],
    [
      'that goes on at an address which nobody follows',
      listPage(['a'], { head: '<link rel="next" href="?page=2">' }),
      undefined,
      'HTML_CHANGED',
      'rel=next',
    ],
    [
      'that goes on by a link of its text',
      listPage(['a'], { end: '<a rel="nofollow next" href="/list/p2">2</a></html>' }),
      undefined,
      'HTML_CHANGED',
      '/list/p2',
    ],
    [
      'that goes on by a link with a space of more than one byte',
      listPage(['a'], { end: '<a rel="nofollow\u00a0next" href="/list/p2">2</a></html>' }),
      undefined,
      'HTML_CHANGED',
      '/list/p2',
    ],
    ['that lists nothing and says nothing', listPage([]), undefined, 'NO_RECORDS', 'nothing on it says'],
    ['that has an empty sign', none(' '), undefined, 'NO_RECORDS', 'without a sign'],
    ['without a byte', '', undefined, 'SERVER_ERROR', 'without any content'],
    ['of white space', ' \n\t ', undefined, 'SERVER_ERROR', 'without any content'],
    ['that is a part', { status: 206, body: GOOD }, undefined, 'SERVER_ERROR', '206'],
    ['that is a 304 which nobody asked for', { status: 304 }, undefined, 'SERVER_ERROR', 'in full'],
    [
      'that lists an item at no address',
      listPage(['a'], {}).replace('id="a"', 'id=""'),
      undefined,
      'VALIDATION_ERROR',
      'no identifier',
    ],
    [
      'with a status that does not exist',
      listPage(['a']).replace('"ready"', '"later"'),
      undefined,
      'VALIDATION_ERROR',
      'later',
    ],
  ])('%s', async (_, answer, whole, code, message) => {
    const { result, failures } = await published(answer, whole);
    expect(result).toMatchObject({ status: 'failed', version: null, stats: { indexRead: false } });
    expect(result.reason).toContain(message);
    expect(failures).toMatchObject([{ item: 'index', code }]);
    expect((await site.status())[0]).toBe('missing');
  });

  it.each([
    ['another page', '/consent'],
    ['the same page with a question', `${INDEX}?consent=1`],
    ['another date', '/list/2026-03-09'],
  ])('that answers after a redirect to %s', async (_, to) => {
    site = await ListedSite.start();
    site.index({ status: 302, headers: { location: to } });
    site.pages.set(to, { body: none('a holiday') });
    const result = await site.publish();
    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining('another address') });
  });

  it('where a wall is recognised, whatever the parser makes of it', async () => {
    const { result, failures } = await published({
      body: none('no results'),
      headers: { 'cf-mitigated': 'challenge' },
    });
    expect(result.status).toBe('failed');
    expect(failures).toMatchObject([{ item: 'index', code: 'BLOCKED' }]);
    expect(site.asked()).toEqual([INDEX]);
  });
});

describe('an index is believed', () => {
  it.each<[string, Answer | string, WholeIndex | undefined]>([
    ['with comments behind its end', `${GOOD}<!-- made by edge 4 -->\n`, undefined],
    ['with its end in capitals', listPage(['a', 'b'], { end: '</BODY></HTML>' }), undefined],
    ['without an end where its source says so', GOOD.slice(0, -14), { end: null }],
    [
      'that links the list of the next day',
      listPage(['a', 'b'], { head: '<link rel="next" href="/list/2026-03-11">' }),
      undefined,
    ],
    ['that links itself', listPage(['a', 'b'], { head: `<link rel=next href="${INDEX}#top">` }), undefined],
    [
      'whose links to a next page mean something else',
      listPage(['a', 'b'], { head: '<link rel="next" href="/x">' }),
      { relNext: false },
    ],
    ['that only writes about rel="next"', listPage(['a', 'b'], { head: '<!-- rel="next" -->' }), undefined],
    [
      'that lists items behind a mark of a wall',
      { body: GOOD, headers: { 'cf-mitigated': 'challenge' } },
      undefined,
    ],
  ])('%s', async (_, answer, whole) => {
    const { result } = await published(answer, whole);
    expect(result).toMatchObject({ status: 'committed', stats: { expected: 2, found: 2 } });
  });

  it('after a redirect to the same address with a slash', async () => {
    site = await ListedSite.start();
    site.index({ status: 301, headers: { location: `${INDEX}/` } });
    site.pages.set(`${INDEX}/`, { body: GOOD });
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 2 });
  });

  it('after a redirect elsewhere where its source says so', async () => {
    site = await ListedSite.start({ whole: { sameAddress: false } });
    site.index({ status: 302, headers: { location: '/elsewhere' } });
    site.pages.set('/elsewhere', { body: GOOD });
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 2 });
  });

  it('by its sign where the day is empty: it is on record, and a 304 confirms it', async () => {
    site = await ListedSite.start();
    site.index((request) =>
      request.headers['if-none-match']
        ? { status: 304 }
        : { body: none('no racing today'), headers: { etag: '"e"' } },
    );
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 0, sign: 'no racing today' });
    expect((await site.current())!.index.sign).toBe('no racing today');
    expect(await site.status()).toEqual(['empty', 'no racing today']);
    expect((await site.why()).answer).toContain('it says: no racing today');
    expect(await site.publish()).toMatchObject({ status: 'unchanged', sign: 'no racing today' });
    expect((await site.why()).attempts.at(-1)).toMatchObject({ error_code: 'NOT_MODIFIED' });
  });
});

describe('an item page', () => {
  it.each<[string, Answer]>([
    ['without a byte', { body: '' }],
    ['that is a part', { status: 206, body: '<b>half</b>' }],
    ['that is a 304 which nobody asked for', { status: 304, headers: { etag: '"x"' } }],
  ])('%s is asked for again in the run', async (_, first) => {
    site = await ListedSite.start();
    site.index(GOOD);
    site.item('a', (_request, hit) => (hit === 1 ? first : { body: '<b>well</b>' }));
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 2, stats: { failed: 0 } });
    expect(await site.rows()).toEqual(['a:well', 'b:text of b']);
  });

  it('that says that it has no rows, behind a wall, is a wall', async () => {
    site = await ListedSite.start();
    site.index(listPage(['a']));
    site.item('a', { body: '<i>void</i>', headers: { 'cf-mitigated': 'challenge' } });
    await site.publish();
    expect(await site.failures()).toMatchObject([{ item: 'a', code: 'BLOCKED' }]);
  });
});
