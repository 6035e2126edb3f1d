import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import type { HttpExchange, ProxyServer } from '../../../core/ports/http-client.ts';
import { limits, request } from '../../contracts/http-request.ts';
import {
  type LoopbackProxy,
  type ProxyOptions,
  serveHttpProxy,
  serveSocksProxy,
} from '../../contracts/loopback-proxies.ts';
import { type LoopbackSite, serveHttp, serveRaw, serveTls } from '../../contracts/loopback-site.ts';
import { selfSigned } from '../../contracts/self-signed.ts';
import { proxiesIn } from '../../core/proxies/listed.ts';

const USER = { name: 'ann', password: 's3cret/:@' };
const WITH_USER = `ann:${encodeURIComponent(USER.password)}@`;
const CERTIFICATE = selfSigned('localhost');

const proxy = (address: string) => proxiesIn(address)[0]!;

interface Kind {
  readonly name: string;
  readonly serve: (options?: ProxyOptions) => Promise<LoopbackProxy>;
  readonly at: (server: LoopbackProxy, user?: string) => ProxyServer;
  /** An answer that says: I cannot reach the site. */
  readonly unreachable: number;
}
const KINDS: readonly Kind[] = [
  {
    name: 'http',
    serve: serveHttpProxy,
    at: ({ port }, user = '') => proxy(`http://${user}127.0.0.1:${port}`),
    unreachable: 502,
  },
  {
    name: 'https',
    serve: (options) => serveHttpProxy({ ...options, tls: CERTIFICATE }),
    at: ({ port }, user = '') => proxy(`https://${user}localhost:${port}`),
    unreachable: 502,
  },
  {
    name: 'socks5',
    serve: serveSocksProxy,
    at: ({ port }, user = '') => proxy(`socks5://${user}127.0.0.1:${port}`),
    unreachable: 4,
  },
];

function bodyOf(exchange: HttpExchange): string {
  return exchange.kind === 'failed'
    ? `${exchange.code} ${exchange.message}`
    : Buffer.from(exchange.body).toString();
}

describe.each(KINDS)('through a proxy ($name)', ({ name, serve, at, unreachable }) => {
  let site: LoopbackSite;
  let client: NodeHttpClient;
  let url: string;
  const trusted = getCACertificates('default');

  beforeEach(async () => {
    setDefaultCACertificates([...trusted, CERTIFICATE.cert]);
    site = await serveHttp((asked, answer) => answer.end(`${asked.headers.host} ${asked.url}`));
    client = new NodeHttpClient({ resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    url = `http://shop.example:${site.port}/a?b`;
  });
  afterEach(async () => {
    setDefaultCACertificates(trusted);
    await client.close();
    await site[Symbol.asyncDispose]();
  });

  it('asks the address that was checked, under the name of the site', async () => {
    await using server = await serve();
    const got = await client.send(request(url, { proxy: at(server) }));
    expect(bodyOf(got)).toBe(`shop.example:${site.port} /a?b`);
    expect(got).toMatchObject({ status: 200, remoteAddress: '127.0.0.1' });
    expect(server.asked).toEqual([`127.0.0.1:${site.port}`]);
  });

  it('keeps its connection', async () => {
    await using server = await serve();
    const to = at(server);
    await client.send(request(url, { proxy: to }));
    await client.send(request(url, { proxy: to }));
    expect([server.clients(), site.requests.length]).toEqual([1, 2]);
  });

  it('gives user and password, and tells where they are refused', async () => {
    await using server = await serve({ user: USER });
    expect(bodyOf(await client.send(request(url, { proxy: at(server, WITH_USER) })))).toMatch(/^shop/);
    for (const user of ['', 'ann:wr0ng@']) {
      const got = await client.send(request(url, { proxy: at(server, user) }));
      expect(got).toMatchObject({ kind: 'failed', code: 'NETWORK_ERROR', rule: 'proxy/auth' });
      expect(JSON.stringify(got)).not.toMatch(/s3cret|wr0ng/);
    }
    expect(site.requests).toHaveLength(1);
  });

  it('asks no proxy for a private address, by name or literally', async () => {
    await using server = await serve();
    for (const [host, answer] of [
      ['metadata.example', '169.254.169.254'],
      ['10.0.0.1', '10.0.0.1'],
    ] as const) {
      const guarded = new NodeHttpClient({ resolve: async () => [{ address: answer, family: 4 }] });
      const got = await guarded.send(
        request(`http://${host}/`, { proxy: at(server), privateAddresses: 'none' }),
      );
      await guarded.close();
      expect(got).toMatchObject({ kind: 'failed', code: 'REFUSED' });
      expect(got).not.toHaveProperty('rule');
    }
    expect(server.asked).toEqual([]);
  });

  it('tells a proxy that is not there, that hangs, and that cannot reach the site from the site', async () => {
    await using hanging = await serve({ hangs: true });
    await using refusing = await serve({ refuses: unreachable });
    const gone = await serve();
    await gone[Symbol.asyncDispose]();
    const over = async (server: LoopbackProxy, more = {}) =>
      client.send(request(url, { proxy: at(server), ...more }));
    expect(await over(gone)).toMatchObject({ code: 'NETWORK_ERROR', rule: 'proxy/connect' });
    expect(await over(hanging, limits({ connectMs: 200 }))).toMatchObject({
      code: 'TIMEOUT',
      rule: 'proxy/timeout',
    });
    expect(await over(refusing)).toMatchObject({ code: 'NETWORK_ERROR', rule: 'proxy/tunnel' });
    expect(site.requests).toEqual([]);
  });

  it('takes what fails behind the tunnel for the site, and its limits hold', async () => {
    await using server = await serve();
    await using silent = await serveRaw(() => {});
    await using broken = await serveRaw((socket) => void socket.destroy());
    const over = (port: number, more = {}) =>
      client.send(request(`http://shop.example:${port}/`, { proxy: at(server), ...more }));
    const late = await over(silent.port, limits({ headersMs: 100 }));
    const cut = await over(broken.port);
    const large = await over(site.port, limits({ maxWireBytes: 3 }));
    expect([late, cut, large].map((got) => got.kind === 'failed' && got.code)).toEqual([
      'TIMEOUT',
      'NETWORK_ERROR',
      'TOO_LARGE',
    ]);
    for (const got of [late, cut, large]) expect(got).not.toHaveProperty('rule');
  });

  it('lets go of the proxy when the caller does', async () => {
    await using server = await serve({ hangs: true });
    const stop = new AbortController();
    const sent = client.send(request(url, { proxy: at(server), signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(sent).rejects.toThrow('enough');
  });

  it('is given no page by a proxy that connects elsewhere, where there is TLS', async () => {
    await using secure = await serveTls((_request, answer) => answer.end('somebody else'));
    await using server = await serve({ liesAbout: secure.port });
    const got = await client.send(request('https://shop.example/', { proxy: at(server) }));
    expect(got).toMatchObject({ kind: 'failed', code: 'NETWORK_ERROR' });
    expect(got).not.toHaveProperty('rule');
    expect(server.asked).toEqual(['127.0.0.1:443']);
  });

  it('reads a page over TLS through it', async () => {
    const certificate = selfSigned('shop.example');
    setDefaultCACertificates([...trusted, CERTIFICATE.cert, certificate.cert]);
    await using secure = await serveTls((_request, answer) => answer.end('over TLS'), certificate);
    await using server = await serve();
    const got = await client.send(request(`https://shop.example:${secure.port}/`, { proxy: at(server) }));
    expect(bodyOf(got)).toBe('over TLS');
    expect(got).toMatchObject({ remoteAddress: '127.0.0.1' });
  });

  it.runIf(name !== 'https')('is told where something else speaks than such a proxy', async () => {
    await using other = await serveRaw((socket) => void socket.end('220 mail.example ESMTP\r\n'));
    const got = await client.send(
      request(url, { proxy: proxy(`${name}://${WITH_USER}127.0.0.1:${other.port}`) }),
    );
    expect(got).toMatchObject({ code: 'NETWORK_ERROR', rule: 'proxy/protocol' });
    expect(JSON.stringify(got)).not.toMatch(/s3cret/);
  });
});

it('a tunnel that breaks off at once is no answer', async () => {
  await using server = await serveRaw((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  const client = new NodeHttpClient();
  const got = await client.send(
    request('http://127.0.0.1:1/', { proxy: proxy(`http://127.0.0.1:${server.port}`) }),
  );
  expect(got).toMatchObject({ kind: 'failed', code: 'NETWORK_ERROR' });
  await client.close();
});
