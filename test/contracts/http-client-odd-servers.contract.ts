import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { HttpClient } from '../../core/ports/http-client.ts';
import { limits, request } from './http-request.ts';
import { serveHttp, serveRaw, serveTls } from './loopback-site.ts';
import { ODD_SERVERS } from './odd-servers.ts';

const HASTY = limits({ headersMs: 300, bodyMs: 300, totalMs: 1000 });

/** The part of the HTTP client's contract that speaks of servers which break the rules. */
export function oddServersContract(open: () => HttpClient): void {
  describe.each(ODD_SERVERS)('$name', ({ talk, expected }) => {
    it(`is told as ${JSON.stringify(expected)}, and the next request gets its own answer`, async () => {
      let connections = 0;
      // The first connection is odd; whatever comes over it later, or over others, is answered in order.
      await using site = await serveRaw((socket) => {
        if (++connections === 1) talk(socket);
        else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext');
      });
      const got = await open().send(request(site.origin, HASTY));
      if (typeof expected === 'object') {
        const { body, status = 200 } = expected;
        expect(got).toMatchObject({ kind: 'response', status });
        expect(Buffer.from(got.kind === 'response' ? got.body : []).toString()).toBe(body);
      } else if (expected === 'either') {
        expect(got.kind === 'response' || got.code === 'NETWORK_ERROR').toBe(true);
      } else {
        expect(got).toMatchObject({ kind: 'failed', code: expected });
      }
      // Whatever else the odd one has to say is here by now.
      await new Promise((resolve) => setTimeout(resolve, 30));
      const next = await open().send(request(site.origin, HASTY));
      expect(Buffer.from(next.kind === 'response' ? next.body : []).toString()).toBe('next');
    });
  });

  describe('a connection that was kept', () => {
    it('and closed by the site while it was idle costs nothing', async () => {
      // A connection is closed here when the client has closed it there, too.
      const closed: Promise<unknown>[] = [];
      await using site = await serveRaw((socket) => {
        closed.push(once(socket, 'close'));
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        setTimeout(() => socket.end(), 10);
      });
      for (let i = 0; i < 3; i++) {
        expect(await open().send(request(site.origin))).toMatchObject({ kind: 'response', status: 200 });
        await closed[i];
      }
    });

    it.each(['timeout=0', 'timeout=99999999999', 'timeout=-1, max=x', ''])(
      'under the words Keep-Alive: %s is as good as any',
      async (words) => {
        await using site = await serveHttp((_request, answer) =>
          answer.setHeader('Keep-Alive', words).end('ok'),
        );
        for (let i = 0; i < 3; i++)
          expect(await open().send(request(site.origin))).toMatchObject({ kind: 'response', status: 200 });
      },
    );
  });

  it('an answer that comes before the request is no answer of another one', async () => {
    await using site = await serveRaw(() => {}, {
      greet: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly'),
    });
    const got = await open().send(request(site.origin, HASTY));
    expect(got.kind === 'response' ? Buffer.from(got.body).toString() : got.code).toMatch(
      /^early$|^NETWORK_ERROR$/,
    );
  });

  describe('TLS', () => {
    const secure = (site: { readonly port: number }) => request(`https://127.0.0.1:${site.port}/`, HASTY);

    it.each<[string, Parameters<typeof serveRaw>[0]]>([
      ['FIN in the handshake', (socket) => socket.end()],
      ['RST in the handshake', (socket) => socket.resetAndDestroy()],
      ['half a handshake and FIN', (socket) => socket.end(Buffer.from('1603030050020000', 'hex'))],
      ['an alert', (socket) => socket.end(Buffer.from('15030300020228', 'hex'))],
      ['HTTP on the port of https', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ])('%s: NETWORK_ERROR of the connect phase', async (_, talk) => {
      await using site = await serveRaw(talk);
      expect(await open().send(secure(site))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^connect: /),
      });
    });

    it('silence in the handshake: TIMEOUT', async () => {
      await using site = await serveRaw(() => {});
      const patient = limits({ connectMs: 100 });
      expect(await open().send({ ...secure(site), ...patient })).toMatchObject({
        code: 'TIMEOUT',
        message: 'connect: not done within 100 ms',
      });
    });

    it('a certificate that nobody signed: NETWORK_ERROR, and nothing is asked', async () => {
      await using site = await serveTls((_request, answer) => answer.end('secret'));
      expect(await open().send(secure(site))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^connect: .*self.signed/i),
      });
      expect(site.requests).toEqual([]);
    });
  });
}
