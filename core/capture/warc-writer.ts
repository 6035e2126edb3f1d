import { Buffer } from 'node:buffer';
import { hash, randomUUID } from 'node:crypto';
import { headerList } from '../http/headers.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import type { PageRequest } from '../source/source.ts';
import { filledGzipMember, gzipMember } from './gzip-member.ts';
import { httpHeadOf } from './http-message.ts';

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
const END_OF_RECORD = '\r\n\r\n';

/** As long as each digest. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * The capture as one gzip member with one `response` record. Members put one after another are a valid
 * .warc.gz. The HTTP message is stored as it came, its body still content-encoded.
 */
export async function encodeCapture(capture: Capture): Promise<Uint8Array> {
  const { response, fetchedAt, lookedAt, request, asked } = capture;
  const { url, body, remoteAddress } = response;
  const fields = [
    field('WARC-Type', 'response'),
    field('WARC-Record-ID', recordId()),
    field('WARC-Date', new Date(fetchedAt).toISOString()),
    lookedAt === fetchedAt ? '' : field(LOOKED_AT, String(lookedAt)),
    request === undefined ? '' : field(REQUEST_MARK, request),
    asked === undefined || asked === url ? '' : field(ASKED, targetUri(asked)),
    field('WARC-Target-URI', targetUri(url)),
    remoteAddress === undefined ? '' : field('WARC-IP-Address', remoteAddress),
    field('Content-Type', 'application/http; msgtype=response'),
    field('WARC-Payload-Digest', digest(body)),
  ];
  const record = new WarcRecord(fields.join(''), httpHeadOf(response), body);
  if (isContentEncoded(response)) return filledGzipMember(record.length, (room) => record.write(room));
  const plain = Buffer.allocUnsafe(record.length);
  record.write(plain);
  return gzipMember(plain);
}

/** The record that a capture file starts with: who wrote it, and how. */
export async function encodeWarcInfo(info: WarcInfo): Promise<Uint8Array> {
  const lines = Object.entries({ ...info.fields, format: 'WARC File Format 1.1' });
  const block = Buffer.from(
    lines.map(([name, value]) => field(name, value.replace(/[\r\n]+/g, ' '))).join(''),
  );
  const fields = [
    field('WARC-Type', 'warcinfo'),
    field('WARC-Record-ID', recordId()),
    field('WARC-Date', new Date(info.writtenAt).toISOString()),
    field('Content-Type', 'application/warc-fields'),
  ];
  const record = new WarcRecord(fields.join(''), '', block);
  // A few hundred bytes: what deflate would save of them is not worth its state.
  return filledGzipMember(record.length, (room) => record.write(room));
}

/**
 * A record as WARC 1.1 frames it (section 4): version, named fields, an empty line, the block, two line ends.
 * Written here and read with warcio, which cannot be asked for the one without the other: its compression and
 * hashing are 90 KB of a bundle.
 */
class WarcRecord {
  /** Bytes. */
  readonly length: number;
  readonly #fields: string;
  readonly #blockHead: string;
  readonly #body: Uint8Array;
  readonly #blockLength: number;
  /** Where the block begins. */
  readonly #blockAt: number;

  /** The block is `blockHead`, of which each character is a byte, and `body`. */
  constructor(fields: string, blockHead: string, body: Uint8Array) {
    this.#fields = fields;
    this.#blockHead = blockHead;
    this.#body = body;
    this.#blockLength = blockHead.length + body.length;
    this.#blockAt = Buffer.byteLength(this.#head(NO_DIGEST));
    this.length = this.#blockAt + this.#blockLength + END_OF_RECORD.length;
  }

  write(room: Buffer): void {
    const at = this.#blockAt;
    const end = at + this.#blockLength;
    room.write(this.#blockHead, at, 'latin1');
    room.set(this.#body, at + this.#blockHead.length);
    room.write(END_OF_RECORD, end, 'latin1');
    room.write(this.#head(digest(room.subarray(at, end))));
  }

  #head(blockDigest: string): string {
    const length = field('Content-Length', String(this.#blockLength));
    return `${VERSION}\r\n${this.#fields}${field('WARC-Block-Digest', blockDigest)}${length}\r\n`;
  }
}

/** Of a value without line breaks. */
function field(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

function recordId(): string {
  return `<urn:uuid:${randomUUID()}>`;
}

function digest(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** A line break would end the WARC header. */
function targetUri(url: string): string {
  if (/^https?:\/\/[!-~]+$/.test(url)) return url;
  return URL.parse(url)?.href ?? url.replace(/\s+/g, '%20');
}

function isContentEncoded({ headers }: HttpResponse): boolean {
  return headerList(headers, 'content-encoding').some((coding) => coding !== 'identity');
}
