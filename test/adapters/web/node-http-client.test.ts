import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import { httpClientContract } from '../../contracts/http-client.contract.ts';
import { request } from '../../contracts/http-request.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';
import { ODD_SERVERS } from '../../contracts/odd-servers.ts';
import { playProcess } from '../../e2e/support/played-process.ts';

httpClientContract('NodeHttpClient', () => new NodeHttpClient());

describe('NodeHttpClient', () => {
  it.each(['127.0.0.1', '169.254.169.254', '10.1.2.3'])(
    'refuses a name that resolves to %s',
    async (address) => {
      const client = new NodeHttpClient({ resolve: async () => [{ address, family: 4 }] });
      const got = await client.send(request('http://rebind.example/', { privateAddresses: 'none' }));
      expect(got).toMatchObject({ code: 'REFUSED', message: expect.stringContaining('rebind.example: ') });
      await client.close();
    },
  );

  it('asks a private address under its own name where that is permitted', async () => {
    await using site = await serveHttp((asked, answer) => answer.end(asked.headers.host));
    const client = new NodeHttpClient({ resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    const got = await client.send(request(`http://named.example:${site.port}/`));
    expect(got).toMatchObject({ kind: 'response', remoteAddress: '127.0.0.1' });
    expect(Buffer.from(got.kind === 'response' ? got.body : []).toString()).toBe(
      `named.example:${site.port}`,
    );
    await client.close();
  });

  it('takes names under .localhost for this machine, and asks nobody', async () => {
    await using site = await serveHttp((asked, answer) => answer.end(asked.headers.host));
    const client = new NodeHttpClient();
    const url = `http://No-Such-Name.of.ours.localhost:${site.port}/`;
    const got = await client.send(request(url, { privateAddresses: 'network' }));
    expect(got).toMatchObject({ kind: 'response', remoteAddress: '127.0.0.1' });
    const refused = await client.send(request(url, { privateAddresses: 'none' }));
    expect(refused).toMatchObject({ code: 'REFUSED' });
    await client.close();
  });

  it('keeps connections to a bounded number of hosts that nobody asks', async () => {
    await using site = await serveHttp((_asked, answer) => answer.end());
    const client = new NodeHttpClient();
    const ask = async (i: number) => client.send(request(`http://h${i}.localhost:${site.port}/`));
    for (let i = 0; i < 230; i++) expect(await ask(i)).toMatchObject({ status: 200 });
    const before = site.connections();
    await ask(0);
    await ask(229);
    expect(site.connections() - before).toBe(1);
    await client.close();
  });

  it('gives up on a name that resolves too slowly', async () => {
    const client = new NodeHttpClient({ resolve: () => new Promise(() => {}) });
    const limits = { connectMs: 50, headersMs: 1000, bodyMs: 1000, totalMs: 1000, maxWireBytes: 100 };
    const got = await client.send(request('http://slow.example/', { limits }));
    expect(got).toMatchObject({ code: 'TIMEOUT', message: 'connect: not done within 50 ms' });
    await client.close();
  });

  it('lives through everything that a server may do, in a process where nobody catches what escapes', async () => {
    const main = new URL('./odd-servers-main.ts', import.meta.url);
    expect(await playProcess<number>(main, {})).toBe(ODD_SERVERS.length);
  });

  it('rejects a header that cannot be written: a bug, not an outcome', async () => {
    await using site = await serveHttp((_request, answer) => answer.end());
    const client = new NodeHttpClient();
    await expect(client.send(request(site.origin, { headers: { 'X-A': 'b\r\nX-C: d' } }))).rejects.toThrow(
      'header',
    );
    await client.close();
  });

  it('asks once where the site hangs up on a kept connection: it may have seen the request, and each is an attempt', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      let asked = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        // The first connection answers once, and hangs up on the second request.
        if (++asked === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = new NodeHttpClient();
    const ask = () => client.send(request(`http://127.0.0.1:${port}/`));
    expect(await ask()).toMatchObject({ kind: 'response', status: 200 });
    expect(await ask()).toMatchObject({ kind: 'failed', code: 'NETWORK_ERROR' });
    expect(connections).toBe(1);
    expect(await ask()).toMatchObject({ kind: 'response', status: 200 });
    expect(connections).toBe(2);
    await client.close();
    server.close();
  });
});
