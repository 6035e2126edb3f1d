import { describe, expect, it } from 'vitest';
import type { HttpClient } from '../../core/ports/http-client.ts';
import { limits, request } from './http-request.ts';
import { serveHttp, serveRaw } from './loopback-site.ts';

/** The part of the HTTP client's contract that speaks of failures and limits. */
export function httpFailuresContract(open: () => HttpClient): void {
  describe('names what went wrong', () => {
    it('nobody listens: NETWORK_ERROR with the address', async () => {
      const site = await serveHttp(() => {});
      await site[Symbol.asyncDispose]();
      const message = `connect: ECONNREFUSED 127.0.0.1:${site.port}`;
      expect(await open().send(request(site.origin))).toMatchObject({
        kind: 'failed',
        code: 'NETWORK_ERROR',
        message,
      });
    });

    it('a name that does not exist: NETWORK_ERROR with the name', async () => {
      const got = await open().send(request('http://no-such-host.invalid/'));
      expect(got).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^connect: .*no-such-host\.invalid/),
      });
    });

    it('a connection reset before the headers: NETWORK_ERROR', async () => {
      await using site = await serveRaw((socket) => socket.resetAndDestroy());
      expect(await open().send(request(site.origin))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^headers: /),
      });
    });

    it('a connection reset in the body: NETWORK_ERROR', async () => {
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', () =>
          setImmediate(() => socket.resetAndDestroy()),
        );
      });
      expect(await open().send(request(site.origin))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^body: /),
      });
    });

    it.each([
      ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
      ['by its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ])('a body cut short %s: NETWORK_ERROR', async (_how, text) => {
      await using site = await serveRaw((socket) => socket.end(text));
      expect(await open().send(request(site.origin))).toMatchObject({
        kind: 'failed',
        code: 'NETWORK_ERROR',
      });
    });

    it('an answer that is no HTTP: NETWORK_ERROR', async () => {
      await using site = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
      expect(await open().send(request(site.origin))).toMatchObject({
        kind: 'failed',
        code: 'NETWORK_ERROR',
      });
    });

    it('no TLS where https was asked for: NETWORK_ERROR', async () => {
      await using site = await serveHttp((_request, answer) => answer.end());
      const url = site.origin.replace('http:', 'https:');
      expect(await open().send(request(url))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^connect: /),
      });
    });

    it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'no address', ''])(
      '%j is no web address: REFUSED',
      async (url) => {
        expect(await open().send(request(url))).toMatchObject({ kind: 'failed', url, code: 'REFUSED' });
      },
    );
  });

  describe('holds its limits', () => {
    it('silence before the headers: TIMEOUT', async () => {
      await using site = await serveRaw(() => {});
      expect(await open().send(request(site.origin, limits({ headersMs: 60 })))).toMatchObject({
        code: 'TIMEOUT',
        message: 'headers: not done within 60 ms',
      });
    });

    it('silence in the body: TIMEOUT', async () => {
      await using site = await serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      );
      expect(await open().send(request(site.origin, limits({ bodyMs: 60 })))).toMatchObject({
        code: 'TIMEOUT',
        message: 'body: not done within 60 ms, 3 bytes had come',
      });
    });

    it('a body has its own time, longer than that of the headers, and no more', async () => {
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc');
        setTimeout(() => socket.write('def'), 400);
      });
      const asked = (bodyMs: number) => request(site.origin, limits({ headersMs: 100, bodyMs }));
      expect(await open().send(asked(60_000))).toMatchObject({ body: Buffer.from('abcdef') });
      expect(await open().send(asked(250))).toMatchObject({
        code: 'TIMEOUT',
        message: 'body: not done within 250 ms, 3 bytes had come',
      });
    });

    it('a body that drips for ever meets the total limit: TIMEOUT', async () => {
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 5);
        socket.on('close', () => clearInterval(drip));
      });
      expect(
        await open().send(request(site.origin, limits({ bodyMs: 60_000, totalMs: 1000 }))),
      ).toMatchObject({
        code: 'TIMEOUT',
        message: expect.stringMatching(/^total, in body: not done within 1000 ms, [1-9]\d* bytes/),
      });
    });

    it('headers that drip for ever meet their limit: TIMEOUT', async () => {
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('X-A: b\r\n'), 5);
        socket.on('close', () => clearInterval(drip));
      });
      expect(await open().send(request(site.origin, limits({ headersMs: 80 })))).toMatchObject({
        code: 'TIMEOUT',
      });
    });

    it('a body announced too large is not read: TOO_LARGE', async () => {
      await using site = await serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n'),
      );
      expect(await open().send(request(site.origin))).toMatchObject({ code: 'TOO_LARGE' });
    });

    it('a body that grows too large is cut off, and its connection closed: TOO_LARGE', async () => {
      let closed: () => void = () => {};
      const hungUp = new Promise<void>((resolve) => {
        closed = resolve;
      });
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const pour = () => {
          while (socket.writable && socket.write(Buffer.alloc(65_536))) {}
        };
        socket.on('drain', pour).on('close', closed);
        pour();
      });
      expect(await open().send(request(site.origin))).toMatchObject({ code: 'TOO_LARGE' });
      await hungUp;
    });

    it.each([
      ['announced', 'HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n'],
      ['not announced', 'HTTP/1.1 200 OK\r\n\r\n'],
    ])(
      'a body that is too large, %s, is cut where that was asked for, and its connection closed',
      async (_, head) => {
        const hungUp = Promise.withResolvers<void>();
        await using site = await serveRaw((socket) => {
          socket.on('close', () => hungUp.resolve());
          socket.write(head);
          socket.write(Buffer.alloc(2_000_000, 'x'));
        });
        const got = await open().send(request(site.origin, { cutsBody: true }));
        expect(got.kind === 'response' && got.body.length).toBe(1_000_000);
        await hungUp.promise;
      },
    );

    it('a body of exactly the limit passes', async () => {
      await using site = await serveHttp((_request, answer) => answer.end(Buffer.alloc(1000)));
      const got = await open().send(request(site.origin, limits({ maxWireBytes: 1000 })));
      expect(got.kind === 'response' && got.body.length).toBe(1000);
    });

    it('headers without end: TOO_LARGE', async () => {
      await using site = await serveRaw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${`X-A: ${'b'.repeat(1000)}\r\n`.repeat(200)}`);
      });
      expect(await open().send(request(site.origin))).toMatchObject({ kind: 'failed', code: 'TOO_LARGE' });
    });
  });
}
