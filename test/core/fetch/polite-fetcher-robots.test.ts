import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { ManualClock } from './manual-clock.ts';
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
  ])('answered with %i allows nothing until it can be read: %s', async (status, code) => {
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

  it.each([403, 503, 200])(
    'behind a security wall (%i) is the wall of the site, met once',
    async (status) => {
      const wall =
        '<html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1><div class="cf-error-details"></div></body></html>';
      polite.routes['/robots.txt'] = text(wall, status, {
        Server: 'cloudflare',
        'Content-Type': 'text/html',
      });
      const fetcher = polite.fetcher();
      for (let time = 0; time < 3; time++) {
        expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({
          kind: 'failed',
          requestSent: false,
          outcome: { code: 'BLOCKED', blockType: 'cloudflare', rule: expect.any(String) },
        });
        await polite.clock.sleep(60_000);
      }
      expect(polite.paths()).toEqual(['/robots.txt']);
      await polite.clock.sleep(600_000);
      await fetcher.fetch(polite.at('/page'));
      expect(polite.paths()).toEqual(['/robots.txt', '/robots.txt']);
    },
  );

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

  it('that waits for its turn is dropped with the last one who wants it, and asked for anew by the next', async () => {
    const controllers = [new AbortController(), new AbortController()];
    const clock = new ManualClock();
    const rateLimiter = createRateLimiter({ clock });
    const fetcher = polite.fetcher({ clock, rateLimiter });
    rateLimiter.penalise(new URL(polite.site.origin).host, 10_000);
    const fetches = controllers.map(({ signal }) => fetcher.fetch({ ...polite.at('/page'), signal }));
    controllers[1]!.abort();
    expect(await fetches[1]).toEqual({ kind: 'dropped' });
    expect(clock.sleeping).toBe(1);
    controllers[0]!.abort();
    expect(await fetches[0]).toEqual({ kind: 'dropped' });
    expect(clock.sleeping).toBe(0);
    expect(polite.paths()).toEqual([]);
    await clock.advance(10_000);
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
    expect(polite.paths()).toEqual(['/robots.txt', '/page']);
  });

  it('that is on its way when its caller stops is on record all the same', async () => {
    const controller = new AbortController();
    let answerNow = () => {};
    polite.routes['/robots.txt'] = (answer) => {
      answerNow = () => void answer.writeHead(404).end();
    };
    const clock = new ManualClock();
    const pending = polite.fetcher({ clock }).fetch({ ...polite.at('/page'), signal: controller.signal });
    while (polite.paths().length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    answerNow();
    expect(await pending).toMatchObject({ kind: 'dropped', robots: { httpStatus: 404 } });
    expect(polite.paths()).toEqual(['/robots.txt']);
  });

  describe('of three megabytes', () => {
    const file = (end: string) =>
      ['User-agent: *', 'Disallow: /early', ...Array(3000).fill(`#${'é'.repeat(500)}`), 'Disallow: /'].join(
        end,
      );
    it.each<[string, string, (body: string) => [Record<string, string>, string | Buffer]]>([
      ['as it is', '\n', (body) => [{}, body]],
      ['with a length', '\n', (body) => [{ 'Content-Length': String(Buffer.byteLength(body)) }, body]],
      ['with carriage returns alone', '\r', (body) => [{}, body]],
      ['in gzip', '\n', (body) => [{ 'Content-Encoding': 'gzip' }, gzipSync(body)]],
      [
        'in gzip that is as long',
        '\n',
        (body) => [{ 'Content-Encoding': 'gzip' }, gzipSync(body, { level: 0 })],
      ],
      ['in brotli', '\n', (body) => [{ 'Content-Encoding': 'br' }, brotliCompressSync(body)]],
      ['in zstd', '\n', (body) => [{ 'Content-Encoding': 'zstd' }, zstdCompressSync(body)]],
      ['in deflate', '\n', (body) => [{ 'Content-Encoding': 'deflate' }, deflateSync(body)]],
    ])('is read up to 500 KiB and not failed: %s', async (_, end, coded) => {
      const [headers, body] = coded(file(end));
      polite.routes['/robots.txt'] = (answer) => answer.writeHead(200, headers).end(body);
      const fetcher = polite.fetcher();
      expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
      expect(await fetcher.fetch(polite.at('/early'))).toMatchObject({ outcome: { code: 'REFUSED' } });
    });

    it('of nothing, packed into three kilobytes, costs no more than that', async () => {
      polite.routes['/robots.txt'] = (answer) =>
        answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(30_000_000)));
      expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({ kind: 'response' });
    });

    it('that is damaged before its end forbids everything for now', async () => {
      polite.routes['/robots.txt'] = (answer) =>
        answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('User-agent: *').subarray(0, 20));
      expect(await polite.fetcher().fetch(polite.at('/page'))).toMatchObject({
        outcome: { code: 'NETWORK_ERROR', message: expect.stringContaining('robots.txt could not be read') },
      });
    });
  });

  it('that asks for a longer delay gets it, up to 30 seconds, and what is not kept is told', async () => {
    polite.routes['/robots.txt'] = text('User-agent: *\nCrawl-delay: 3600');
    const fetcher = polite.fetcher();
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({
      robots: { note: 'robots.txt asks for a Crawl-delay of 3600 s; 30 s are kept' },
    });
    expect(await fetcher.fetch(polite.at('/page'))).toMatchObject({ waitedMs: 30_000 });
  });
});
