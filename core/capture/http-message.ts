import { Buffer } from 'node:buffer';
import type { HttpResponse } from '../ports/http-client.ts';
import { CaptureError } from './capture-error.ts';

/** What archives put before the name of a header that no longer describes the stored bytes. */
const ARCHIVED = 'X-Archive-Orig-';
const END_OF_HEAD = Buffer.from('\r\n\r\n');
// biome-ignore lint/suspicious/noControlCharactersInRegex: all that fits into one byte but line breaks
const ONE_LINE = /^[\x00-\x09\x0b\x0c\x0e-\xff]*$/;
const STATUS_LINE = /^HTTP\/[\d.]+ (\d{3})(?: (.*))?$/;

type Header = readonly [string, string];

/**
 * Status line and headers as they came, ending in an empty line; each character is a byte. Transfer-Encoding
 * is undone in the stored body, so the header is renamed; Content-Length tells the true length (a 304 may
 * carry the length of another body).
 */
export function httpHeadOf(
  response: Pick<HttpResponse, 'status' | 'statusText' | 'headers' | 'body'>,
): string {
  const length = String(response.body.length);
  let head = `HTTP/1.1 ${response.status} ${oneLine(response.statusText)}\r\n`;
  let isCounted = false;
  for (const [name, value] of response.headers) {
    const isLength = isNamed(name, 'content-length');
    const isKept: boolean = isLength
      ? !isCounted && value.trim() === length
      : !isNamed(name, 'transfer-encoding');
    isCounted ||= isLength && isKept;
    head += `${isKept ? '' : ARCHIVED}${name}: ${oneLine(value)}\r\n`;
  }
  return isCounted ? `${head}\r\n` : `${head}Content-Length: ${length}\r\n\r\n`;
}

function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
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

/**
 * One byte a character, which is how HTTP clients hand headers over; what cannot have come that way is stored
 * as UTF-8. A line break would start a header that nobody sent.
 */
function oneLine(text: string): string {
  if (ONE_LINE.test(text)) return text;
  const line = text.replace(/[\r\n]+/g, ' ');
  return ONE_LINE.test(line) ? line : Buffer.from(line, 'utf8').toString('latin1');
}
