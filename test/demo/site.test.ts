import { request as httpRequest, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { type DemoSite, type DemoSiteOptions, startDemoSite } from '../../demo/site.ts';

const TODAY = civilDate('2026-11-22');
const sites: DemoSite[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

async function start(options: Partial<DemoSiteOptions> = {}): Promise<DemoSite> {
  const site = await startDemoSite({ seed: 5, today: TODAY, ...options });
  sites.push(site);
  return site;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** As it came over the wire. */
  readonly body: Buffer;
}

function send(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
    request.on('error', reject).end();
  });
}

describe('the markup of the demo site', () => {
  const isNext = async (site: DemoSite, path: string): Promise<boolean> =>
    (await send(site.url + path)).body.includes('id="__NEXT_DATA__"');

  it.each([
    ['classic', false],
    ['next', true],
  ] as const)('is %s on every page where it is told so', async (markup, next) => {
    const site = await start({ markup, pageBytes: 0, indexBytes: 0 });
    for (let day = 0; day < 3; day++) {
      const date = addDays(TODAY, -day);
      const paths = [`/results/${date}`, ...site.truth('ire', date).map((race) => race.path)];
      for (const path of paths) expect(await isNext(site, path)).toBe(next);
    }
  });

  it('is classic unless it is told otherwise', async () => {
    expect(await isNext(await start(), `/results/${TODAY}`)).toBe(false);
  });

  it('changes from day to day in a mix, and within a day; the day that is on is told in the newer one', async () => {
    const site = await start({ markup: 'mix', pageBytes: 0, indexBytes: 0 });
    const indexes = new Set<boolean>();
    for (let day = 1; day < 5; day++) {
      const date = addDays(TODAY, -day);
      indexes.add(await isNext(site, `/results/${date}`));
      const pages = new Set<boolean>();
      for (const { path } of site.truth('gb', date)) pages.add(await isNext(site, path));
      expect(pages.size).toBe(2);
    }
    expect(indexes.size).toBe(2);
    for (const today of [TODAY, addDays(TODAY, 1)]) {
      site.setToday(today);
      expect(await isNext(site, `/results/${today}`)).toBe(true);
    }
  });

  it('makes race pages of 165 to 350 KB in either, 178 KB with 12 runners', async () => {
    for (const markup of ['classic', 'next'] as const) {
      const site = await start({ markup });
      const sizes = new Map<number, number>();
      for (let day = 1; day < 8; day++) {
        for (const race of site.truth('gb', addDays(TODAY, -day)))
          sizes.set(race.ran, (await send(site.url + race.path)).body.byteLength);
      }
      expect(sizes.get(12)).toBe(182_272);
      expect(Math.min(...sizes.values())).toBeGreaterThan(165_000);
      expect(Math.max(...sizes.values())).toBeGreaterThan(250_000);
      expect(Math.max(...sizes.values())).toBeLessThan(350_000);
    }
  });
});

describe('the demo site', () => {
  it('serves the same bytes from two processes worth of state, and others for another seed', async () => {
    const [first, second, other] = [await start(), await start(), await start({ seed: 6 })];
    const path = first.truth('fr', TODAY)[0]!.path;
    for (const one of ['/results/2026-11-22', path]) {
      const body = (await send(first.url + one)).body;
      expect((await send(second.url + one)).body.equals(body)).toBe(true);
    }
    const index = (await send(`${other.url}/results/2026-11-22`)).body;
    expect(index.equals((await send(`${first.url}/results/2026-11-22`)).body)).toBe(false);
  });

  it('answers an unchanged page with 304 to either validator and with 200 to a stale one', async () => {
    const site = await start();
    const url = site.url + site.truth('gb', TODAY)[0]!.path;
    const { headers } = await send(url, { 'accept-encoding': 'gzip' });
    const etag = headers.etag!;
    const modified = headers['last-modified']!;
    const conditions: Record<string, string>[] = [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", ${etag.replace('W/', '')}` },
      { 'if-modified-since': modified },
      { 'if-none-match': etag, 'if-modified-since': new Date(0).toUTCString() },
    ];
    for (const condition of conditions) {
      const reply = await send(url, condition);
      expect(reply.status).toBe(304);
      expect(reply.body).toHaveLength(0);
      expect(reply.headers.etag).toBe(etag);
    }
    expect((await send(url, { 'if-none-match': '"stale"', 'if-modified-since': modified })).status).toBe(200);
    expect((await send(url, { 'if-modified-since': new Date(0).toUTCString() })).status).toBe(200);
  });

  it('never says that a page was modified in the future', async () => {
    const site = await start({ today: TODAY });
    const { headers } = await send(`${site.url}/results/${TODAY}`);
    expect(Date.parse(headers['last-modified']!)).toBeLessThanOrEqual(Date.parse(`${TODAY}T00:00:00Z`));
  });

  it('sends the same page as gzip, br, zstd and plain, by what the client likes best', async () => {
    const site = await start();
    const url = site.url + site.truth('ire', TODAY)[1]!.path;
    const plain = await send(url, { 'accept-encoding': 'identity' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
    for (const [coding, decode] of Object.entries(decoders)) {
      const reply = await send(url, { 'accept-encoding': coding });
      expect(reply.headers['content-encoding']).toBe(coding);
      expect(reply.body.byteLength).toBeLessThan(40_000);
      expect(decode(reply.body).equals(plain.body)).toBe(true);
      expect(reply.headers.etag).toBe(plain.headers.etag);
    }
    const weighed = await send(url, { 'accept-encoding': 'zstd;q=0, br;q=0.3, gzip;q=0.8' });
    expect(weighed.headers['content-encoding']).toBe('gzip');
  });

  it('sends only the codings that it offers', async () => {
    const site = await start({ encodings: ['gzip'] });
    const reply = await send(`${site.url}/results/${TODAY}`, { 'accept-encoding': 'zstd, gzip;q=0.5' });
    expect(reply.headers['content-encoding']).toBe('gzip');
  });

  it('sends no coding at all where none is offered', async () => {
    const site = await start({ encodings: [] });
    const reply = await send(`${site.url}/results/${TODAY}`, { 'accept-encoding': 'gzip, br' });
    expect(reply.headers['content-encoding']).toBeUndefined();
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const site = await start();
    const url = `${site.url}/results/${TODAY}`;
    const [head, get] = [await send(url, {}, 'HEAD'), await send(url)];
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-length']).toBe(String(get.body.byteLength));
    expect(head.headers.etag).toBe(get.headers.etag);
  });

  it('opens results and closes /admin in robots.txt, without a crawl delay', async () => {
    const site = await start();
    expect((await send(`${site.url}/robots.txt`)).body.toString()).toBe(
      'User-agent: *\nAllow: /results\nDisallow: /admin\n',
    );
  });

  it('knows no other path, no date that is none, no day after today and no wrong slug', async () => {
    const site = await start();
    const path = site.truth('gb', TODAY)[0]!.path;
    const wrong = path.replace(/^(\/results\/\d+\/)[^/]+/, '$1elsewhere');
    for (const one of [
      '/',
      '//',
      '/results',
      '/results/2025-02-30',
      `/results/${addDays(TODAY, 1)}`,
      wrong,
    ]) {
      expect((await send(site.url + one)).status, one).toBe(404);
    }
  });

  it('refuses other methods', async () => {
    const site = await start();
    expect((await send(`${site.url}/results/${TODAY}`, {}, 'POST')).status).toBe(405);
  });

  it('has a new day, and a settled race, once days have passed', async () => {
    const site = await start({
      faults: { ...NO_FAULTS, settlesLate: [{ country: 'gb', date: TODAY, race: 0, days: 2 }] },
    });
    const url = site.url + site.truth('gb', TODAY)[0]!.path;
    const provisional = await send(url);
    expect(site.truth('gb', TODAY)[0]!.runners[1]!.sp).toBe('28/1');
    site.setToday(addDays(TODAY, 1));
    expect((await send(url, { 'if-none-match': provisional.headers.etag! })).status).toBe(304);
    expect((await send(`${site.url}/results/${addDays(TODAY, 1)}`)).status).toBe(200);
    site.setToday(addDays(TODAY, 2));
    const settled = await send(url, { 'if-none-match': provisional.headers.etag! });
    expect(settled.status).toBe(200);
    expect(settled.headers['last-modified']).not.toBe(provisional.headers['last-modified']);
    expect(site.truth('gb', TODAY)[0]!.runners[1]!.sp).not.toBe('28/1');
  });

  it('has the last race of a day once the day is over, and says that its index changed', async () => {
    const site = await start();
    const last = site.truth('gb', TODAY).at(-1)!;
    const index = `${site.url}/results/${TODAY}`;
    const before = await send(index);
    expect(last.outcome).toBe('pending');
    expect((await send(site.url + last.path)).status).toBe(404);
    expect(before.body.includes(last.path)).toBe(false);
    site.setToday(addDays(TODAY, 1));
    expect((await send(site.url + last.path)).status).toBe(200);
    for (const [name, value] of [
      ['if-none-match', before.headers.etag!],
      ['if-modified-since', before.headers['last-modified']!],
    ] as const) {
      const after = await send(index, { [name]: value });
      expect(after.status).toBe(200);
      expect(after.body.includes(last.path)).toBe(true);
    }
  });

  it('tells less, and one price otherwise, of a race that settles late', async () => {
    const site = await start();
    const final = site.truth('gb', TODAY)[0]!;
    site.setFaults({ ...NO_FAULTS, settlesLate: [{ country: 'gb', date: TODAY, race: 0, days: 2 }] });
    const early = site.truth('gb', TODAY)[0]!;
    expect(early.runners.every((runner) => runner.rpr === null && runner.topspeed === null)).toBe(true);
    expect([early.runners[1]!.sp, final.runners[1]!.sp === '28/1']).toEqual(['28/1', false]);
    expect((await send(site.url + early.path)).body.includes('Comment to follow')).toBe(true);
  });

  it('logs every request with its status and what was asked of it', async () => {
    const site = await start();
    await send(`${site.url}/results/${TODAY}`, { 'user-agent': 'probe/1', 'if-none-match': '"x"' });
    await send(`${site.url}/nowhere`, {}, 'HEAD');
    expect(site.requests).toMatchObject([
      { method: 'GET', path: `/results/${TODAY}`, status: 200, userAgent: 'probe/1', ifNoneMatch: '"x"' },
      { method: 'HEAD', path: '/nowhere', status: 404 },
    ]);
  });

  it('forgets bodies beyond its cache and still answers right', async () => {
    const site = await start({ cacheBytes: 50_000 });
    const paths = site.truth('gb', TODAY).map((race) => race.path);
    const first = await send(site.url + paths[0], { 'accept-encoding': 'gzip' });
    for (const path of paths) await send(site.url + path, { 'accept-encoding': 'gzip' });
    const again = await send(site.url + paths[0], { 'accept-encoding': 'gzip' });
    expect(again.body.equals(first.body)).toBe(true);
    expect(again.headers.etag).toBe(first.headers.etag);
  });
});
