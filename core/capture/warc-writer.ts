import { Buffer } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import type { HttpResponse } from '../ports/http-client.ts';
import type { PageRequest } from '../source/source.ts';
import { gzipMember, storedGzipMember } from './gzip-member.ts';
import { encodeHttpHead } from './http-message.ts';

/** The raw response of an attempt. */
export interface Capture {
  readonly response: HttpResponse;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** What orders it among all looks at the page; `fetchedAt` unless a clock was wrong. */
  readonly lookedAt: number;
  /** What tells the request from a GET of its address (`requestMark`); absent of a GET. */
  readonly request?: string;
  /** The address that was asked for, where redirects led to another one. */
  readonly asked?: string;
}

export interface WarcInfo {
  /** Milliseconds since the epoch. */
  readonly writtenAt: number;
  /** `software`, `operator`, `description`, ... (WARC 1.1, section 6.2). */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Milliseconds; written where it differs from WARC-Date. WARC 1.1 lets a record carry fields of one's own
 * (section 4).
 */
export const LOOKED_AT = 'Rescrape-Looked-At';

/** Method and digest of the body, where it is no GET. */
export const REQUEST_MARK = 'Rescrape-Request';

/** The address that was asked for, where it is not WARC-Target-URI. */
export const ASKED = 'Rescrape-Asked';

/** What tells one request from others at the same address; undefined of a GET. */
export function requestMark({
  method = 'GET',
  body = '',
}: Pick<PageRequest, 'method' | 'body'>): string | undefined {
  return method === 'GET' ? undefined : `${method} ${digest(Buffer.from(body))}`;
}

const VERSION = 'WARC/1.1';

/**
 * The capture as one gzip member with one `response` record. Members put one after another are a valid
 * .warc.gz. The HTTP message is stored as it came, its body still content-encoded.
 */
export async function encodeCapture(capture: Capture): Promise<Uint8Array> {
  const { response, fetchedAt, lookedAt, request, asked } = capture;
  const head = encodeHttpHead(response);
  const block = [head, response.body];
  const headers = {
    'WARC-Type': 'response',
    'WARC-Record-ID': recordId(),
    'WARC-Date': new Date(fetchedAt).toISOString(),
    ...(lookedAt === fetchedAt ? {} : { [LOOKED_AT]: String(lookedAt) }),
    ...(request === undefined ? {} : { [REQUEST_MARK]: request }),
    ...(asked === undefined || asked === response.url ? {} : { [ASKED]: targetUri(asked) }),
    'WARC-Target-URI': targetUri(response.url),
    ...(response.remoteAddress === undefined ? {} : { 'WARC-IP-Address': response.remoteAddress }),
    'Content-Type': 'application/http; msgtype=response',
    'WARC-Payload-Digest': digest(response.body),
    'WARC-Block-Digest': digest(...block),
  };
  const record = recordOf(headers, block);
  return isContentEncoded(response) ? storedGzipMember(record) : gzipMember(record);
}

/** The record that a capture file starts with: who wrote it, and how. */
export async function encodeWarcInfo(info: WarcInfo): Promise<Uint8Array> {
  const lines = Object.entries({ ...info.fields, format: 'WARC File Format 1.1' });
  const block = Buffer.from(
    lines.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`).join(''),
  );
  const headers = {
    'WARC-Type': 'warcinfo',
    'WARC-Record-ID': recordId(),
    'WARC-Date': new Date(info.writtenAt).toISOString(),
    'Content-Type': 'application/warc-fields',
    'WARC-Block-Digest': digest(block),
  };
  // A few hundred bytes: what deflate would save of them is not worth its state.
  return storedGzipMember(recordOf(headers, [block]));
}

/**
 * A record as WARC 1.1 frames it (section 4): version, named fields, an empty line, the block, two line ends.
 * Written here and read with warcio, which cannot be asked for the one without the other: its compression and
 * hashing are 90 KB of a bundle.
 */
function recordOf(headers: Readonly<Record<string, string>>, block: readonly Uint8Array[]): Uint8Array {
  const length = block.reduce((sum, part) => sum + part.length, 0);
  const fields = Object.entries({ ...headers, 'Content-Length': String(length) });
  const head = `${VERSION}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), ...block, Buffer.from('\r\n\r\n')]);
}

function recordId(): string {
  return `<urn:uuid:${randomUUID()}>`;
}

function digest(...parts: readonly Uint8Array[]): string {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return `sha256:${whole.digest('hex')}`;
}

/** A line break would end the WARC header. */
function targetUri(url: string): string {
  return URL.parse(url)?.href ?? url.replace(/\s+/g, '%20');
}

function isContentEncoded({ headers }: HttpResponse): boolean {
  return headers.some(
    ([name, value]) => name.toLowerCase() === 'content-encoding' && value.trim() !== 'identity',
  );
}
