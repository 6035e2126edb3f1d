import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { HttpClient } from '../../core/ports/http-client.ts';
import { limits, request } from './http-request.ts';
import { serveHttp, serveRaw } from './loopback-site.ts';

/** Every byte there is, so often that it needs many packets. */
const BYTES = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * 7) % 256));

/** The part of the HTTP client's contract that speaks of bodies sent, and of bodies taken piece by piece. */
export function httpBodiesContract(open: () => HttpClient): void {
  describe('sends', () => {
    it.each([
      ['bytes as they are', BYTES, BYTES],
      ['a part of a buffer', BYTES.subarray(5, 1000), BYTES.subarray(5, 1000)],
      ['no bytes', new Uint8Array(), Buffer.alloc(0)],
      ['a text as UTF-8', 'ä…', Buffer.from('ä…')],
    ])('%s, with their length', async (_what, body, expected) => {
      let came = Buffer.from('nothing yet');
      await using site = await serveHttp(async (asked, answer) => {
        came = await buffer(asked);
        answer.end();
      });
      await open().send(request(site.origin, { method: 'POST', body }));
      expect(came.equals(expected)).toBe(true);
      expect(site.requests[0]?.headers['content-length']).toBe(String(expected.length));
    });

    it('a DELETE', async () => {
      await using site = await serveHttp((asked, answer) => answer.end(asked.method));
      const got = await open().send(request(site.origin, { method: 'DELETE' }));
      expect(got.kind === 'response' && Buffer.from(got.body).toString()).toBe('DELETE');
    });
  });

  describe('hands a body on piece by piece', () => {
    const taking = () => {
      const pieces: Uint8Array[] = [];
      const onBody = async (piece: Uint8Array) => void pieces.push(Uint8Array.from(piece));
      return { onBody, taken: () => Buffer.concat(pieces) };
    };

    it('whole and in order, and collects nothing', async () => {
      await using site = await serveHttp((_asked, answer) => answer.end(BYTES));
      const { onBody, taken } = taking();
      const got = await open().send(request(site.origin, { onBody }));
      expect(got).toMatchObject({ kind: 'response', status: 200 });
      expect(got.kind === 'response' && got.body.length).toBe(0);
      expect(taken().equals(BYTES)).toBe(true);
    });

    it('whole, too, where the site hung up before all was taken', async () => {
      const gone = Promise.withResolvers<void>();
      await using site = await serveHttp((_asked, answer) => {
        answer.socket?.once('close', () => gone.resolve());
        answer.writeHead(200, { Connection: 'close' }).end(BYTES.subarray(0, 9000));
      });
      const { onBody, taken } = taking();
      const slowly = async (piece: Uint8Array) => {
        await gone.promise;
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
        await onBody(piece);
      };
      expect(await open().send(request(site.origin, { onBody: slowly }))).toMatchObject({ status: 200 });
      expect(taken().equals(BYTES.subarray(0, 9000))).toBe(true);
    });

    it('reads no more while a piece is being taken', async () => {
      const waits = Promise.withResolvers<void>();
      const poured = Promise.withResolvers<void>();
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n');
        let left = 400;
        const pour = () => {
          while (left > 0 && socket.write(Buffer.alloc(1_000_000))) left--;
          // Full, long before the end: the client has stopped to read.
          poured.resolve();
        };
        socket.on('drain', pour);
        pour();
      });
      let taken = 0;
      const onBody = async (piece: Uint8Array) => {
        taken += piece.length;
        await waits.promise;
      };
      const abort = new AbortController();
      const room = limits({ maxWireBytes: 400_000_000 });
      const sent = open().send(request(site.origin, { onBody, signal: abort.signal, ...room }));
      await poured.promise;
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(taken).toBeLessThanOrEqual(65_536);
      abort.abort(new Error('enough'));
      waits.resolve();
      await expect(sent).rejects.toThrow('enough');
    });

    it('but collects that of any other status, which tells what went wrong', async () => {
      await using site = await serveHttp((_asked, answer) => answer.writeHead(404).end('not here'));
      const { onBody, taken } = taking();
      const got = await open().send(request(site.origin, { onBody }));
      expect(got.kind === 'response' && Buffer.from(got.body).toString()).toBe('not here');
      expect(taken()).toHaveLength(0);
    });

    it('and no more of it than tells what went wrong: TOO_LARGE', async () => {
      await using site = await serveHttp((_asked, answer) =>
        answer.writeHead(500).end(Buffer.alloc(2_000_000)),
      );
      const { onBody } = taking();
      const got = await open().send(
        request(site.origin, { onBody, ...limits({ maxWireBytes: 400_000_000 }) }),
      );
      expect(got).toMatchObject({ kind: 'failed', code: 'TOO_LARGE' });
    });

    it.each([
      ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
      ['by its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ])('one that is cut short %s: NETWORK_ERROR after what came', async (_how, text) => {
      await using site = await serveRaw((socket) => socket.end(text));
      const { onBody, taken } = taking();
      expect(await open().send(request(site.origin, { onBody }))).toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/^body: /),
      });
      expect(taken().toString()).toBe('abc');
    });

    it('silence after a piece: TIMEOUT; a slow taker is none', async () => {
      await using site = await serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      );
      const onBody = () => new Promise<void>((resolve) => setTimeout(resolve, 120));
      expect(await open().send(request(site.origin, { onBody, ...limits({ bodyMs: 60 }) }))).toMatchObject({
        code: 'TIMEOUT',
        message: 'body: not done within 60 ms, 3 bytes had come',
      });
    });

    it('a taker that never ends meets the total limit: TIMEOUT', async () => {
      // Time enough for the body to begin on a busy machine.
      await using site = await serveHttp((_asked, answer) => answer.end('abc'));
      const onBody = () => new Promise<void>(() => {});
      expect(await open().send(request(site.origin, { onBody, ...limits({ totalMs: 2000 }) }))).toMatchObject(
        {
          code: 'TIMEOUT',
          message: 'total, in body: not done within 2000 ms, 3 bytes had come',
        },
      );
    });

    it('one that grows too large: TOO_LARGE', async () => {
      await using site = await serveRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.write(Buffer.alloc(2_000_000));
      });
      const { onBody } = taking();
      expect(await open().send(request(site.origin, { onBody }))).toMatchObject({ code: 'TOO_LARGE' });
    });

    it('what a taker throws is thrown', async () => {
      await using site = await serveHttp((_asked, answer) => answer.end('abc'));
      const onBody = () => Promise.reject(new Error('a bug'));
      await expect(open().send(request(site.origin, { onBody }))).rejects.toThrow('a bug');
    });
  });
}
