import { afterEach, describe, expect, it } from 'vitest';
import { guardedLookup, type ResolvedAddress } from '../../../adapters/web/guarded-lookup.ts';
import { UndiciHttpClient } from '../../../adapters/web/undici-http-client.ts';
import { httpClientContract } from '../../contracts/http-client.contract.ts';
import { request } from '../../contracts/http-request.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';

httpClientContract('UndiciHttpClient', () => new UndiciHttpClient());

describe('a name that resolves', () => {
  let client: UndiciHttpClient | undefined;
  afterEach(() => client?.close());

  const resolvesTo = (...addresses: readonly ResolvedAddress[]): UndiciHttpClient => {
    const created = new UndiciHttpClient({ resolve: async () => addresses });
    client = created;
    return created;
  };

  it.each<ResolvedAddress>([
    { address: '127.0.0.1', family: 4 },
    { address: '169.254.169.254', family: 4 },
    { address: '10.1.2.3', family: 4 },
    { address: '::ffff:127.0.0.1', family: 6 },
    { address: '64:ff9b::7f00:1', family: 6 },
    { address: '2002:7f00:1::', family: 6 },
    { address: 'fd00:ec2::254', family: 6 },
  ])('to $address alone is REFUSED', async (address) => {
    const got = await resolvesTo(address).send(
      request('http://rebind.example/', { allowPrivateAddress: false }),
    );
    expect(got).toMatchObject({ code: 'REFUSED', message: expect.stringContaining('rebind.example: ') });
  });

  it('to private and public addresses is connected to at its public ones only', () => {
    const addresses: ResolvedAddress[] = [
      { address: '127.0.0.1', family: 4 },
      { address: '93.184.216.34', family: 4 },
      { address: '64:ff9b::5db8:d822', family: 6 },
    ];
    const lookup = guardedLookup({ allowPrivateAddress: false, resolve: async () => addresses });
    const found = new Promise((resolve, reject) =>
      lookup('mixed.example', { all: true }, (error, all) => (error === null ? resolve(all) : reject(error))),
    );
    return expect(found).resolves.toEqual([{ address: '93.184.216.34', family: 4 }]);
  });

  it('to a private address is reached with permission, under its own name', async () => {
    await using site = await serveHttp((asked, answer) => answer.end(asked.headers.host));
    const named = resolvesTo({ address: '127.0.0.1', family: 4 });
    const got = await named.send(request(`http://named.example:${site.port}/`));
    expect(got).toMatchObject({ kind: 'response', remoteAddress: '127.0.0.1' });
    expect(Buffer.from(got.kind === 'response' ? got.body : []).toString()).toBe(
      `named.example:${site.port}`,
    );
  });

  it('to nothing is a NETWORK_ERROR', async () => {
    const got = await resolvesTo().send(request('http://empty.example/'));
    expect(got).toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('empty.example') });
  });

  it('too slowly is a TIMEOUT of the connect phase', async () => {
    client = new UndiciHttpClient({ resolve: () => new Promise(() => {}) });
    const limits = { connectMs: 50, headersMs: 1000, bodyMs: 1000, totalMs: 1000, maxWireBytes: 100 };
    const got = await client.send(request('http://slow.example/', { limits }));
    expect(got).toMatchObject({ code: 'TIMEOUT', message: 'connect: not done within 50 ms' });
  });
});

it('a header that cannot be written is a bug, not an outcome', async () => {
  await using site = await serveHttp((_request, answer) => answer.end());
  const client = new UndiciHttpClient();
  await expect(client.send(request(site.origin, { headers: { 'X-A': 'b\r\nX-C: d' } }))).rejects.toThrow(
    'header',
  );
  await client.close();
});
