import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Route } from '../../../core/fetch/fetcher.ts';
import { type LoopbackProxy, serveHttpProxy } from '../../contracts/loopback-proxies.ts';
import { proxiesIn } from '../proxies/listed.ts';
import { PoliteSite, redirect, text } from './polite-site.ts';

let polite: PoliteSite;
let good: LoopbackProxy;
let bad: LoopbackProxy;
beforeEach(async () => {
  polite = await PoliteSite.open();
  good = await serveHttpProxy();
  bad = await serveHttpProxy({ refuses: 502 });
});
afterEach(async () => {
  await polite.close();
  await good[Symbol.asyncDispose]();
  await bad[Symbol.asyncDispose]();
});

const proxyAt = ({ port }: LoopbackProxy) => proxiesIn(`http://127.0.0.1:${port}`)[0]!;
const through = (proxy: LoopbackProxy, userAgent = 'Other/2'): Route => ({
  proxy: proxyAt(proxy),
  userAgent,
});
const agents = () => polite.site.requests.map(({ headers }) => headers['user-agent']);

describe('a request with a route', () => {
  it('goes with its robots.txt and its redirects through one proxy, under one name', async () => {
    polite.routes['/robots.txt'] = text('User-agent: *\nDisallow: /private');
    polite.routes['/old'] = redirect('/page');
    const routes = [through(good), through(good), through(bad)];
    const got = await polite.fetcher().fetch({ ...polite.at('/old'), route: async () => routes.shift()! });
    const by = { proxy: `127.0.0.1:${good.port}`, userAgent: 'Other/2' };
    expect(got).toMatchObject({ kind: 'response', redirects: 1, by, robots: { by } });
    expect(polite.paths()).toEqual(['/robots.txt', '/old', '/page']);
    expect(agents()).toEqual(['Other/2', 'Other/2', 'Other/2']);
    expect(new Set(good.asked)).toEqual(new Set([`127.0.0.1:${polite.site.port}`]));
  });

  it('is bound by what robots.txt says to the source’s own name, whatever name it goes under', async () => {
    polite.routes['/robots.txt'] = text('User-agent: rescrape\nDisallow: /');
    const got = await polite.fetcher().fetch({ ...polite.at('/page'), route: async () => through(good) });
    expect(got).toMatchObject({ kind: 'failed', outcome: { rule: 'robots/disallow' } });
    expect(polite.paths()).toEqual(['/robots.txt']);
  });

  it('is redirected to no private address: the proxy is not asked for it', async () => {
    polite.routes['/out'] = redirect('http://169.254.169.254/latest/meta-data');
    const politeness = { concurrency: 1, minDelayMs: 0, robots: 'ignore', userAgent: 'x' } as const;
    const got = await polite
      .fetcher({ politeness })
      .fetch({ ...polite.at('/out'), route: async () => through(good) });
    expect(got).toMatchObject({ kind: 'failed', outcome: { code: 'REFUSED' }, redirects: 1 });
    expect(good.asked).toEqual([`127.0.0.1:${polite.site.port}`]);
  });

  it('whose proxy fails says so, also where it was robots.txt that could not be read', async () => {
    const fetcher = polite.fetcher();
    const failed = await fetcher.fetch({ ...polite.at('/page'), route: async () => through(bad) });
    const by = { proxy: `127.0.0.1:${bad.port}` };
    expect(failed).toMatchObject({
      kind: 'failed',
      requestSent: false,
      outcome: { code: 'NETWORK_ERROR', rule: 'proxy/tunnel' },
      by,
    });
    // At once, and not after the pause that a site without an answer has.
    const next = await fetcher.fetch({ ...polite.at('/page'), route: async () => through(good) });
    expect(next).toMatchObject({ kind: 'response' });
  });

  it('waits for the pace of the host like any other, whichever proxy it goes through', async () => {
    const politeness = { concurrency: 4, minDelayMs: 250, robots: 'ignore', userAgent: 'x' } as const;
    const fetcher = polite.fetcher({ politeness });
    const got = [];
    for (const proxy of [good, bad, good])
      got.push(await fetcher.fetch({ ...polite.at('/page'), route: async () => through(proxy) }));
    expect(got.map((each) => each.kind !== 'dropped' && each.waitedMs)).toEqual([0, 250, 250]);
  });
});

describe('whether the site can be reached', () => {
  const pool = (...proxies: LoopbackProxy[]) => {
    const routes = proxies.map((proxy) => through(proxy));
    return polite.fetcher({
      route: async (failed) => routes.find(({ proxy }) => !failed.has(proxy!.id)),
    });
  };

  it('is asked through the next proxy where one fails', async () => {
    expect(await pool(bad, good).reach(polite.site.origin)).toMatchObject({ kind: 'reached' });
    expect([bad.asked.length, good.asked.length, polite.paths().length]).toEqual([1, 1, 1]);
  });

  it('is not asked straight where all fail', async () => {
    const got = await pool(bad).reach(polite.site.origin);
    expect(got).toMatchObject({ kind: 'unreached', outcome: { rule: 'proxy/tunnel' } });
    expect(polite.paths()).toEqual([]);
  });
});
