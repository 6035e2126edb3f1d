import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import { PoliteSite, RUDE, redirect, text } from './polite-site.ts';

let polite: PoliteSite;
beforeEach(async () => {
  polite = await PoliteSite.open();
});
afterEach(() => polite.close());

describe('a fetch', () => {
  it('gives the response, whatever its status', async () => {
    const got = await polite.fetcher().fetch(polite.at('/nothing'));
    expect(got).toMatchObject({
      kind: 'response',
      redirects: 0,
      response: { status: 404, url: `${polite.site.origin}/nothing` },
    });
  });

  it('says who asks and what it can read', async () => {
    await polite.fetcher().fetch(polite.at('/page'));
    const headers = polite.site.requests.at(-1)?.headers ?? {};
    expect(headers['user-agent']).toBe('Rescrape/1.0 (+https://x.example)');
    expect(headers['accept-encoding']).toBe('gzip, br;q=0.8, zstd;q=0.8');
    expect(headers.accept).toMatch(/^text\/html/);
    expect(headers).not.toHaveProperty('if-none-match');
  });

  it('sends the validators of the last capture, and takes the 304', async () => {
    polite.routes['/page'] = text('', 304);
    const validators = { etag: 'W/"a1"', lastModified: 'Wed, 21 Oct 2015 07:28:00 GMT' };
    const got = await polite.fetcher().fetch({ ...polite.at('/page'), validators });
    expect(got).toMatchObject({ kind: 'response', response: { status: 304 } });
    expect(polite.site.requests.at(-1)?.headers).toMatchObject({
      'if-none-match': 'W/"a1"',
      'if-modified-since': 'Wed, 21 Oct 2015 07:28:00 GMT',
    });
  });

  it('keeps no cookies', async () => {
    polite.routes['/page'] = text('page', 200, { 'Set-Cookie': 'a=1' });
    const fetcher = polite.fetcher();
    await fetcher.fetch(polite.at('/page'));
    await fetcher.fetch(polite.at('/page'));
    expect(polite.site.requests.at(-1)?.headers).not.toHaveProperty('cookie');
  });

  it('counts what it waited for the host, and starts after the wait', async () => {
    const politeness = { concurrency: 1, minDelayMs: 250, robots: 'ignore', userAgent: 'x' } as const;
    const fetcher = polite.fetcher({ politeness });
    await fetcher.fetch(polite.at('/page'));
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ waitedMs: 250, startedAt: 1_000_250 });
  });

  it('whose signal is aborted on its way has five seconds to come, and is an attempt that timed out', async () => {
    polite.routes['/page'] = () => {};
    const controller = new AbortController();
    const pending = polite.fetcher().fetch({ ...polite.at('/page'), signal: controller.signal });
    while (!polite.paths().includes('/page')) await new Promise((resolve) => setImmediate(resolve));
    const before = polite.clock.now();
    controller.abort();
    expect(await pending).toMatchObject({
      kind: 'failed',
      requestSent: true,
      outcome: { code: 'TIMEOUT', message: 'cut off 5000 ms after an interruption' },
    });
    expect(polite.clock.now() - before).toBe(5000);
  });

  it.each([
    ['/relative', 'not an absolute address'],
    ['ftp://x.example/', 'scheme ftp:'],
    ['https://user:secret@x.example/', 'credentials in the address'],
  ])('of %s is REFUSED and sends nothing', async (url, message) => {
    const got = await polite.fetcher().fetch({ url });
    expect(got).toMatchObject({ kind: 'failed', requestSent: false, outcome: { code: 'REFUSED', message } });
  });
});

describe('a private address', () => {
  it('is REFUSED before anything is sent, unless its origin is exactly the one allowed', async () => {
    for (const allowPrivateOrigin of [
      undefined,
      'http://127.0.0.1',
      polite.site.origin.replace('127.0.0.1', 'localhost'),
    ]) {
      const got = await polite.fetcher({ allowPrivateOrigin }).fetch(polite.at('/page'));
      expect(got).toMatchObject({ kind: 'failed', requestSent: false, outcome: { code: 'REFUSED' } });
      expect(got).not.toHaveProperty('robots');
    }
    expect(polite.site.connections()).toBe(0);
  });
});

describe('a rate limit', () => {
  const politeness = RUDE;

  it.each<[string, number, Record<string, string>, number]>([
    ['429 with Retry-After', 429, { 'Retry-After': '7' }, 7000],
    ['429 without', 429, {}, 2000],
    ['503 with Retry-After', 503, { 'Retry-After': '5' }, 5000],
    ['503 without', 503, {}, 0],
    ['503 with a word', 503, { 'Retry-After': 'soon' }, 2000],
    ['429 with zero', 429, { 'Retry-After': '0' }, 2000],
    ['429 with less than the usual wait', 429, { 'Retry-After': '0.001' }, 2000],
    ['429 with a negative number', 429, { 'Retry-After': '-30' }, 2000],
    ['429 with a date that is past', 429, { 'Retry-After': 'Wed, 01 Jan 2020 00:00:00 GMT' }, 2000],
    ['429 with a number of forty digits', 429, { 'Retry-After': '9'.repeat(40) }, 60_000],
    ['a status of the source', 406, {}, 2000],
    ['a Retry-After of a day', 429, { 'Retry-After': '86400' }, 60_000],
  ])('%s makes the next request to the host wait', async (_what, status, headers, waitedMs) => {
    polite.routes['/busy'] = text('', status, headers);
    const fetcher = polite.fetcher({ politeness, rateLimitStatuses: [406] });
    await fetcher.fetch(polite.at('/busy'));
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ waitedMs });
  });
});

describe('limits', () => {
  it('of size are those of the decoded body', async () => {
    polite.routes['/page'] = text('x'.repeat(100_001));
    expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({
      requestSent: true,
      outcome: { code: 'TOO_LARGE' },
    });
  });

  it('of total time reach over redirects', async () => {
    const spent: number[] = [];
    const slow = {
      send: async (asked: Parameters<NodeHttpClient['send']>[0]) => {
        spent.push(asked.limits.totalMs);
        await polite.clock.sleep(1500);
        return polite.client.send(asked);
      },
      close: () => polite.client.close(),
    };
    polite.routes['/old'] = redirect('/page');
    const politeness = RUDE;
    await polite.fetcher({ client: slow, politeness }).fetch(polite.at('/old'));
    expect(spent).toEqual([4000, 2500]);
  });
});
