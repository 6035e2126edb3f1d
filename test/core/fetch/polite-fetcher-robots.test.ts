import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PoliteSite, redirect, text } from './polite-site.ts';

let polite: PoliteSite;
beforeEach(async () => {
  polite = await PoliteSite.open();
});
afterEach(() => polite.close());

describe('robots.txt', () => {
  it('is asked for once, however many pages are fetched at once, and reported by one of them', async () => {
    polite.routes['/robots.txt'] = text('User-agent: *\nDisallow: /private');
    const fetcher = polite.fetcher();
    const got = await Promise.all(Array.from({ length: 8 }, () => fetcher.fetch(polite.at('/page'))));
    expect(polite.paths().filter((path) => path === '/robots.txt')).toHaveLength(1);
    const reports = got.filter(({ robots }) => robots !== undefined);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.robots).toMatchObject({
      url: `${polite.site.origin}/robots.txt`,
      httpStatus: 200,
      wireBytes: 32,
    });
  });

  it('that forbids the page: REFUSED with the pattern, and the page is not asked for', async () => {
    polite.routes['/robots.txt'] = text('User-agent: rescrape\nDisallow: /pag*e$');
    const got = await polite.fetcher().fetch(polite.at('/page'));
    expect(got).toMatchObject({
      kind: 'failed',
      requestSent: false,
      outcome: { code: 'REFUSED', rule: 'robots/disallow', message: expect.stringContaining('/pag*e$') },
    });
    expect(polite.paths()).toEqual(['/robots.txt']);
  });

  it('is not asked for where the operator says so', async () => {
    const politeness = { concurrency: 1, minDelayMs: 0, robots: 'ignore', userAgent: 'x' } as const;
    await polite.fetcher({ politeness }).fetch(polite.at('/page'));
    expect(polite.paths()).toEqual(['/page']);
  });

  it.each([404, 403, 401, 400])('answered with %i allows everything', async (status) => {
    polite.routes['/robots.txt'] = text('User-agent: *\nDisallow: /', status);
    expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
  });

  it.each([
    [503, 'SERVER_ERROR'],
    [500, 'SERVER_ERROR'],
    [429, 'RATE_LIMITED'],
  ])('answered with %i allows nothing for now: %s', async (status, code) => {
    polite.routes['/robots.txt'] = text('', status);
    const got = await polite.fetcher().fetch(polite.at('/page'));
    expect(got).toMatchObject({
      kind: 'failed',
      requestSent: false,
      outcome: { code, message: `robots.txt could not be read: HTTP ${status}` },
      robots: { httpStatus: status },
    });
    expect(polite.paths()).toEqual(['/robots.txt']);
  });

  it('that could not be read is asked for again after a while, not at once', async () => {
    polite.routes['/robots.txt'] = text('', 503);
    const fetcher = polite.fetcher();
    await fetcher.fetch(polite.at('/page'));
    const again = await fetcher.fetch(polite.at('/page'));
    expect(again).not.toHaveProperty('robots');
    expect(again).toMatchObject({ kind: 'failed', outcome: { code: 'SERVER_ERROR' } });
    expect(polite.paths()).toHaveLength(1);
    await polite.clock.sleep(2000);
    polite.routes['/robots.txt'] = text('');
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({
      kind: 'response',
      robots: { httpStatus: 200 },
    });
  });

  it('serves for a day', async () => {
    const fetcher = polite.fetcher();
    await fetcher.fetch(polite.at('/page'));
    await polite.clock.sleep(86_399_999);
    await fetcher.fetch(polite.at('/page'));
    expect(polite.paths().filter((path) => path === '/robots.txt')).toHaveLength(1);
    await polite.clock.sleep(1);
    await fetcher.fetch(polite.at('/page'));
    expect(polite.paths().filter((path) => path === '/robots.txt')).toHaveLength(2);
  });

  it('nobody answers: the reason is that of the network', async () => {
    await polite.site[Symbol.asyncDispose]();
    const got = await polite.fetcher().fetch(polite.at('/page'));
    expect(got).toMatchObject({
      requestSent: false,
      outcome: {
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^robots\.txt could not be read: connect: ECONNREFUSED/),
      },
      robots: {
        wireBytes: 0,
        failure: { code: 'NETWORK_ERROR', message: expect.stringContaining('ECONNREFUSED') },
      },
    });
  });

  it('is followed through redirects', async () => {
    polite.routes['/robots.txt'] = redirect('/r1');
    polite.routes['/r1'] = redirect('/r2');
    polite.routes['/r2'] = text('User-agent: *\nDisallow: /page');
    expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({ outcome: { code: 'REFUSED' } });
  });

  it('that redirects for ever counts as absent', async () => {
    polite.routes['/robots.txt'] = redirect('/robots.txt');
    expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
    expect(polite.paths().filter((path) => path === '/robots.txt')).toHaveLength(6);
  });

  it('is read up to 500 KiB, compressed or not, and a line cut in two is left out', async () => {
    const head = 'User-agent: *\nDisallow: /early\n#';
    // The limit falls behind the slash, where the rest of the rule would forbid everything.
    const filler = 'x'.repeat(512_000 - head.length - '\nDisallow: /'.length);
    const file = `${head}${filler}\nDisallow: /late\n`;
    polite.routes['/robots.txt'] = (answer) =>
      answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(file));
    const fetcher = polite.fetcher();
    expect(await fetcher.fetch(polite.at('/early'))).toMatchObject({ outcome: { code: 'REFUSED' } });
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
    expect(await fetcher.fetch(polite.at('/late'))).toMatchObject({ kind: 'response' });
  });

  it('that asks for a longer delay gets it, up to 30 seconds', async () => {
    polite.routes['/robots.txt'] = text('User-agent: *\nCrawl-delay: 3600');
    const fetcher = polite.fetcher();
    await fetcher.fetch(polite.at('/page'));
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ waitedMs: 30_000 });
  });
});
