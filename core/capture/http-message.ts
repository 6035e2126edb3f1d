import { Buffer } from 'node:buffer';
import type { HttpResponse } from '../ports/http-client.ts';
import { CaptureError } from './capture-error.ts';

/** What archives put before the name of a header that no longer describes the stored bytes. */
const ARCHIVED = 'X-Archive-Orig-';
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/[\d.]+ (\d{3})(?: (.*))?$/;

type Header = readonly [string, string];

/**
 * Status line and headers as they came, ending in an empty line. Transfer-Encoding is undone in the stored
 * body, so the header is renamed; Content-Length tells the true length (a 304 may carry the length of another
 * body).
 */
export function encodeHttpHead(
  response: Pick<HttpResponse, 'status' | 'statusText' | 'headers' | 'body'>,
): Uint8Array {
  const lines = [`HTTP/1.1 ${response.status} ${oneLine(response.statusText)}`];
  for (const [name, value] of storedHeaders(response.headers, response.body.length)) {
    lines.push(`${name}: ${oneLine(value)}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Reads such a block back. Throws a CaptureError where it is none. */
export function decodeHttpMessage(block: Uint8Array): Omit<HttpResponse, 'kind' | 'url' | 'remoteAddress'> {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const end = bytes.indexOf(END_OF_HEAD);
  const [statusLine = '', ...lines] = end < 0 ? [] : bytes.toString('latin1', 0, end).split('\r\n');
  const match = STATUS_LINE.exec(statusLine);
  if (!match) throw new CaptureError('the record holds no HTTP response');
  const headers = lines.map((line): Header => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(match[1]),
    statusText: match[2] ?? '',
    headers,
    body: bytes.subarray(end + END_OF_HEAD.length),
  };
}

function storedHeaders(headers: readonly Header[], bodyLength: number): Header[] {
  const length = String(bodyLength);
  let counted = false;
  const stored = headers.map(([name, value]): Header => {
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') return [`${ARCHIVED}${name}`, value];
    if (lower !== 'content-length') return [name, value];
    if (counted || value.trim() !== length) return [`${ARCHIVED}${name}`, value];
    counted = true;
    return [name, value];
  });
  return counted ? stored : [...stored, ['Content-Length', length]];
}

/**
 * One byte a character, which is how HTTP clients hand headers over; what cannot have come that way is stored
 * as UTF-8. A line break would start a header that nobody sent.
 */
function oneLine(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all that fits into one byte
  return /^[\x00-\xff]*$/.test(line) ? line : Buffer.from(line, 'utf8').toString('latin1');
}
