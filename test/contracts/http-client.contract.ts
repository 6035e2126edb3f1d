import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpExchange, HttpResponse } from '../../core/ports/http-client.ts';
import { httpBodiesContract } from './http-client-bodies.contract.ts';
import { httpFailuresContract } from './http-client-failures.contract.ts';
import { oddServersContract } from './http-client-odd-servers.contract.ts';
import { request } from './http-request.ts';
import { serveHttp, serveRaw } from './loopback-site.ts';

function response(exchange: HttpExchange): HttpResponse {
  if (exchange.kind === 'failed') throw new Error(`failed: ${exchange.code} ${exchange.message}`);
  return exchange;
}

/** What every HTTP client must do; each adapter's test calls it. */
export function httpClientContract(name: string, create: () => HttpClient): void {
  describe(`${name} keeps the contract of an HTTP client`, () => {
    let client: HttpClient;
    beforeEach(() => {
      client = create();
    });
    afterEach(() => client.close());

    it('gives status, reason, body and the address that answered', async () => {
      await using site = await serveHttp((_request, answer) =>
        answer.writeHead(404, 'Gone Fishing').end('nothing'),
      );
      const url = `${site.origin}/a?b=c`;
      const got = response(await client.send(request(url)));
      expect(got).toMatchObject({ url, status: 404, statusText: 'Gone Fishing', remoteAddress: '127.0.0.1' });
      expect(Buffer.from(got.body).toString()).toBe('nothing');
      expect(site.requests[0]?.path).toBe('/a?b=c');
    });

    it('sends the headers that it is given', async () => {
      await using site = await serveHttp((_request, answer) => answer.end());
      await client.send(
        request(site.origin, { headers: { 'User-Agent': 'rescrape/1.0', 'If-None-Match': '"ä"' } }),
      );
      const headers = site.requests[0]?.headers ?? {};
      expect(headers['user-agent']).toBe('rescrape/1.0');
      expect(headers['if-none-match']).toBe('"ä"');
      expect(headers.host).toBe(`127.0.0.1:${site.port}`);
    });

    it('keeps order, case, repeats and every byte of the headers', async () => {
      await using site = await serveRaw((socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\nX-MiXed: \xe9\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
          'latin1',
        ),
      );
      const { headers } = response(await client.send(request(site.origin)));
      expect(headers).toEqual([
        ['X-MiXed', '\xe9'],
        ['set-cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Content-Length', '0'],
      ]);
    });

    it('leaves the body coded, and undoes chunks', async () => {
      const coded = gzipSync('hello');
      await using site = await serveHttp((_request, answer) => {
        answer.writeHead(200, { 'Content-Encoding': 'gzip' });
        answer.write(coded.subarray(0, 5));
        answer.end(coded.subarray(5));
      });
      expect(Buffer.from(response(await client.send(request(site.origin))).body)).toEqual(coded);
    });

    it('follows no redirect', async () => {
      await using site = await serveHttp((_request, answer) =>
        answer.writeHead(302, { Location: '/else' }).end(),
      );
      expect(response(await client.send(request(site.origin))).status).toBe(302);
      expect(site.requests).toHaveLength(1);
    });

    it('takes a 304 that names the length of the body it leaves out', async () => {
      await using site = await serveHttp((_request, answer) =>
        answer.writeHead(304, { 'Content-Length': 500 }).end(),
      );
      const got = response(await client.send(request(site.origin)));
      expect([got.status, got.body.length]).toEqual([304, 0]);
    });

    it('passes over interim responses', async () => {
      await using site = await serveRaw((socket) =>
        socket.end(
          'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        ),
      );
      const got = response(await client.send(request(site.origin)));
      expect([got.status, Buffer.from(got.body).toString()]).toEqual([200, 'ok']);
    });

    it('serves many requests over few connections', async () => {
      await using site = await serveHttp((_request, answer) => answer.end('ok'));
      for (let i = 0; i < 20; i++) response(await client.send(request(site.origin)));
      // A client may let a connection rest for a moment after each response.
      expect(site.connections()).toBeLessThanOrEqual(2);
    });

    it('works on many requests at once', async () => {
      await using site = await serveHttp((asked, answer) => answer.end(asked.url));
      const urls = Array.from({ length: 40 }, (_, i) => `${site.origin}/${i}`);
      const bodies = await Promise.all(
        urls.map(async (url) => response(await client.send(request(url))).body),
      );
      expect(bodies.map((body) => Buffer.from(body).toString())).toEqual(
        urls.map((url) => new URL(url).pathname),
      );
    });

    httpBodiesContract(() => client);
    httpFailuresContract(() => client);
    oddServersContract(() => client);

    describe("obeys the caller's signal", () => {
      it('before the request: rejects with its reason and sends nothing', async () => {
        await using site = await serveHttp((_request, answer) => answer.end());
        const signal = AbortSignal.abort(new Error('enough'));
        await expect(client.send(request(site.origin, { signal }))).rejects.toThrow('enough');
        expect(site.connections()).toBe(0);
      });

      it('during the body: rejects with its reason and closes the connection', async () => {
        const controller = new AbortController();
        let closed: () => void = () => {};
        const hungUp = new Promise<void>((resolve) => {
          closed = resolve;
        });
        await using site = await serveRaw((socket) => {
          socket.on('close', closed);
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () =>
            setImmediate(() => controller.abort(new Error('enough'))),
          );
        });
        await expect(client.send(request(site.origin, { signal: controller.signal }))).rejects.toThrow(
          'enough',
        );
        await hungUp;
      });
    });

    describe('guards private addresses', () => {
      it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '0x7f.1', '2130706433'])(
        '%s is not connected to: REFUSED',
        async (host) => {
          await using site = await serveHttp((_request, answer) => answer.end('secret'));
          const url = `http://${host}:${site.port}/`;
          const got = await client.send(request(url, { privateAddresses: 'none' }));
          expect(got).toMatchObject({
            kind: 'failed',
            code: 'REFUSED',
            message: expect.stringMatching(/^connect: /),
          });
          expect(site.connections()).toBe(0);
        },
      );

      it('a connection that was opened with permission serves no request without it', async () => {
        await using site = await serveHttp((_request, answer) => answer.end('secret'));
        response(await client.send(request(site.origin)));
        const got = await client.send(request(site.origin, { privateAddresses: 'none' }));
        expect(got).toMatchObject({ kind: 'failed', code: 'REFUSED' });
        expect(site.requests).toHaveLength(1);
      });
    });

    it('fails what is under way when it is closed, and refuses more', async () => {
      await using site = await serveRaw(() => {});
      const open = client.send(request(site.origin));
      // The request is on the wire once the site holds a connection.
      while (site.connections() === 0) await new Promise((resolve) => setImmediate(resolve));
      await client.close();
      expect(await open).toMatchObject({ kind: 'failed', code: 'NETWORK_ERROR' });
      await expect(client.send(request(site.origin))).rejects.toThrow('closed');
    });
  });
}
