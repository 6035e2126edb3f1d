import { Buffer } from 'node:buffer';
import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Fault } from '../faults.ts';
import type { ContentEncoding } from './encoding.ts';
import { latin1 } from './latin1.ts';
import { CLOUDFLARE_CHALLENGE, INCAPSULA_WALL, statusPage } from './wall-pages.ts';

const HTML = 'text/html; charset=utf-8';
const PIECES = 20;
const CHUNK = Buffer.alloc(65_536, '<p>All the runners, all the riders, all the results.</p>\n');

/** A finished answer; `sendAnswer` is the only place that writes one. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

/** A page of HTML. */
export function htmlAnswer(status: number, html: string, headers: OutgoingHttpHeaders = {}): Answer {
  return { status, headers: { 'content-type': HTML, ...headers }, body: Buffer.from(html) };
}

export function textAnswer(text: string): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

export function jsonAnswer(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}

export function statusAnswer(status: number, headers: OutgoingHttpHeaders = {}): Answer {
  return htmlAnswer(status, statusPage(status, STATUS_CODES[status] ?? 'Unknown'), headers);
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const bodiless = answer.status === 304 || answer.status === 204;
  const length = bodiless ? {} : { 'content-length': answer.body.byteLength };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(bodiless || request.method === 'HEAD' ? undefined : answer.body);
}

/**
 * Faults that are a whole answer of their own; undefined for those that change the true page or its sending.
 */
export function answerOf(fault: Fault, path: string): Answer | undefined {
  switch (fault.kind) {
    case 'status':
      return statusAnswer(
        fault.status,
        fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) },
      );
    case 'cloudflare-challenge':
      return htmlAnswer(403, CLOUDFLARE_CHALLENGE, {
        server: 'cloudflare',
        'cf-ray': '0000000000000000-LHR',
        'cf-mitigated': 'challenge',
        'cache-control': 'private, max-age=0, no-store',
      });
    case 'incapsula-wall':
      return htmlAnswer(200, INCAPSULA_WALL, { 'x-iinfo': '9-1234567-0', 'x-cdn': 'Imperva' });
    case 'redirect': {
      const target = {
        'same-host': `${path}?moved=1`,
        'private-address': 'http://169.254.169.254/latest/meta-data/',
        loop: path,
      };
      return statusAnswer(302, { location: target[fault.to] });
    }
    default:
      return undefined;
  }
}

/** The true page in another charset, or under a header that lies about it; never compressed. */
export function charsetAnswer(html: string, declared: 'header' | 'meta' | 'wrong'): Answer {
  const iso = 'text/html; charset=ISO-8859-1';
  if (declared === 'wrong') return { status: 200, headers: { 'content-type': iso }, body: Buffer.from(html) };
  const meta = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">';
  return {
    status: 200,
    headers: { 'content-type': declared === 'header' ? iso : 'text/html' },
    body: latin1(html, declared === 'meta' ? meta : ''),
  };
}

/** Sends the headers of `answer` and its body in pieces. */
export async function trickle(response: ServerResponse, answer: Answer, totalMs: number): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.byteLength });
  const step = Math.ceil(answer.body.byteLength / PIECES);
  for (let offset = 0; offset < answer.body.byteLength && !response.destroyed; offset += step) {
    response.write(answer.body.subarray(offset, offset + step));
    await new Promise((resolve) => setTimeout(resolve, totalMs / PIECES));
  }
  response.end();
}

export function truncate(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.byteLength });
  const half = answer.body.subarray(0, answer.body.byteLength >> 1);
  response.write(half, () => response.destroy());
}

/** Streams `bytes` of page; a client that hangs up ends it. */
export async function flood(response: ServerResponse, bytes: number, coding: ContentEncoding): Promise<void> {
  const gzip = coding !== 'identity';
  response.writeHead(200, { 'content-type': HTML, ...(gzip ? { 'content-encoding': 'gzip' } : {}) });
  const source = Readable.from(chunks(bytes));
  try {
    await (gzip ? pipeline(source, createGzip(), response) : pipeline(source, response));
  } catch {
    // The client had enough, which is what the fault is for.
  }
}

function* chunks(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= CHUNK.byteLength)
    yield CHUNK.subarray(0, Math.min(left, CHUNK.byteLength));
}
