import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';
import { PoliteSite, RUDE, redirect, text } from './polite-site.ts';

let polite: PoliteSite;
beforeEach(async () => {
  polite = await PoliteSite.open();
});
afterEach(() => polite.close());

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('of status %i is followed, and counted', async (status) => {
    polite.routes['/old'] = redirect('page?a=b#c', status);
    polite.routes['/page?a=b'] = text('new');
    const got = await polite.fetcher().fetch(polite.at('/old'));
    expect(got).toMatchObject({
      kind: 'response',
      redirects: 1,
      response: { status: 200, url: `${polite.site.origin}/page?a=b#c` },
    });
  });

  it('in bare UTF-8 is understood', async () => {
    polite.routes['/old'] = redirect(Buffer.from('/château').toString('latin1'));
    polite.routes['/ch%C3%A2teau'] = text('new');
    expect(await polite.fetcher().fetch(polite.at('/old'))).toMatchObject({ response: { status: 200 } });
  });

  it('five times over is followed, a sixth time is a NETWORK_ERROR', async () => {
    for (let i = 0; i < 6; i++) polite.routes[`/${i}`] = redirect(`/${i + 1}`);
    polite.routes['/6'] = text('end');
    expect(await polite.fetcher().fetch(polite.at('/1'))).toMatchObject({ kind: 'response', redirects: 5 });
    expect(await polite.fetcher().fetch(polite.at('/0'))).toMatchObject({
      kind: 'failed',
      requestSent: true,
      redirects: 5,
      outcome: { code: 'NETWORK_ERROR', message: 'more than 5 redirects' },
    });
  });

  it.each([{}, { Location: '' }, { Location: 'http://[' }])(
    'with %j for its way is a response like any other',
    async (headers) => {
      polite.routes['/old'] = text('', 302, headers as Record<string, string>);
      expect(await polite.fetcher().fetch(polite.at('/old'))).toMatchObject({
        kind: 'response',
        response: { status: 302 },
      });
    },
  );

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    'http://localhost:1/',
    'http://0/',
  ])('to %s is REFUSED', async (location) => {
    polite.routes['/old'] = redirect(location);
    for (const fetcher of [polite.fetcher(), polite.fetcher({ politeness: RUDE })]) {
      expect(await fetcher.fetch(polite.at('/old'))).toMatchObject({
        kind: 'failed',
        outcome: { code: 'REFUSED' },
      });
    }
  });

  it('to another port of the same machine is REFUSED, for only the base URL may be private', async () => {
    await using other = await serveHttp((_request, answer) => answer.end('secret'));
    polite.routes['/old'] = redirect(`${other.origin}/secret`);
    expect(await polite.fetcher().fetch(polite.at('/old'))).toMatchObject({
      kind: 'failed',
      outcome: { code: 'REFUSED' },
    });
    expect(other.connections()).toBe(0);
  });

  it.each(['file:///etc/passwd', 'ftp://x.example/', 'javascript:alert(1)', 'http://user:secret@127.0.0.1/'])(
    'to %s is REFUSED without naming secrets',
    async (location) => {
      polite.routes['/old'] = redirect(location);
      const got = await polite.fetcher().fetch(polite.at('/old'));
      expect(got).toMatchObject({ kind: 'failed', requestSent: true, outcome: { code: 'REFUSED' } });
      expect(JSON.stringify(got)).not.toContain('secret');
    },
  );

  it('is checked against robots.txt again', async () => {
    polite.routes['/robots.txt'] = text('User-agent: *\nDisallow: /private');
    polite.routes['/old'] = redirect('/private');
    expect(await polite.fetcher().fetch(polite.at('/old'))).toMatchObject({
      outcome: { code: 'REFUSED', rule: 'robots/disallow' },
    });
    expect(polite.paths()).not.toContain('/private');
  });

  it('to another origin leaves the validators behind', async () => {
    await using other = await serveHttp((request, answer) => {
      answer.writeHead(302, { Location: `${polite.site.origin}/page` }).end(request.url);
    });
    // The fetch begins at the other site, so that the one site which may be private is the end of the way.
    const politeness = RUDE;
    const open = {
      send: (asked: Parameters<NodeHttpClient['send']>[0]) =>
        polite.client.send({ ...asked, privateAddresses: 'any' }),
    };
    const fetcher = polite.fetcher({ politeness, client: { ...open, close: () => polite.client.close() } });
    await fetcher.fetch({ url: `${other.origin}/old`, validators: { etag: '"a"' } });
    expect(other.requests[0]?.headers['if-none-match']).toBe('"a"');
    expect(polite.site.requests.at(-1)?.path).toBe('/page');
    expect(polite.site.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });
});

describe('a POST', () => {
  const ask = {
    method: 'POST',
    body: '{"a":"é"}',
    headers: { 'Content-Type': 'application/json', 'X-Key': 'k' },
  } as const;
  const seen: { method?: string | undefined; body: string; type?: string | undefined; key?: unknown }[] = [];
  const answering = (status: number, location: string) =>
    serveHttp(async (request, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method, headers, url } = request;
      const body = Buffer.concat(chunks).toString();
      seen.push({ method, body, type: headers['content-type'], key: headers['x-key'] });
      if (url === '/old') answer.writeHead(status, { Location: location }).end();
      else answer.end('there');
    });

  it.each([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ] as const)('is sent with its headers and body; behind a %i it is a %s', async (status, method) => {
    seen.length = 0;
    await using site = await answering(status, '/new');
    const fetcher = polite.fetcher({ politeness: RUDE, allowPrivateOrigin: site.origin });
    const got = await fetcher.fetch({ url: `${site.origin}/old`, ...ask });
    expect(got).toMatchObject({ kind: 'response', redirects: 1, response: { status: 200 } });
    const whole = { method: 'POST', body: '{"a":"é"}', type: 'application/json', key: 'k' };
    const turned = { method: 'GET', body: '', type: undefined, key: 'k' };
    expect(seen).toEqual([whole, method === 'POST' ? whole : turned]);
  });
});
