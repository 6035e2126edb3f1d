import { WARCParser } from 'warcio';
import { CaptureError } from './capture-error.ts';
import { readGzipMember } from './gzip-member.ts';
import { decodeHttpMessage } from './http-message.ts';
import { ASKED, type Capture, LOOKED_AT, REQUEST_MARK } from './warc-writer.ts';

/** A capture with its place in the file: what `_capture` of a row points to. */
export interface StoredCapture {
  readonly capture: Capture;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes of the record as it is stored. */
  readonly length: number;
}

/**
 * The capture whose record starts with the first byte; what follows it is ignored, so a slice of a file that
 * is longer than the record will do. Throws a CaptureError where the bytes are damaged or hold no response.
 */
export async function decodeCapture(bytes: Uint8Array): Promise<Capture> {
  const capture = await decodeRecord(readGzipMember(bytes, 0).content);
  if (capture === undefined) throw new CaptureError('the record is no response');
  return capture;
}

/**
 * Every response of a capture file, in its order; other records are passed over. Throws as `decodeCapture`
 * does; with `onDamage` it tells what is damaged, once a stretch of bytes, and goes on with the next record
 * that is whole.
 */
export async function* readCaptures(
  file: Uint8Array,
  onDamage?: (offset: number, problem: CaptureError) => void,
): AsyncGenerator<StoredCapture> {
  let isTold = false;
  for (let offset = 0; offset < file.length; ) {
    try {
      const { content, length } = readGzipMember(file, offset);
      const capture = await decodeRecord(content);
      if (capture !== undefined) yield { capture, offset, length };
      offset += length;
      isTold = false;
    } catch (error) {
      if (!onDamage || !(error instanceof CaptureError)) throw error;
      if (!isTold) onDamage(offset, error);
      isTold = true;
      offset = nextMember(file, offset + 1);
    }
  }
}

/** Where the next gzip member may begin; the end of the file where none does. */
function nextMember(file: Uint8Array, from: number): number {
  for (let at = file.indexOf(0x1f, from); at >= 0; at = file.indexOf(0x1f, at + 1))
    if (file[at + 1] === 0x8b && file[at + 2] === 8) return at;
  return file.length;
}

async function decodeRecord(content: Uint8Array): Promise<Capture | undefined> {
  const record = await WARCParser.parse([content], { parseHttp: false });
  if (record === null) throw new CaptureError('a gzip member holds no WARC record');
  if (record.warcType !== 'response') return undefined;
  const url = record.warcTargetURI;
  const fetchedAt = Date.parse(record.warcDate ?? '');
  if (!url || Number.isNaN(fetchedAt)) throw new CaptureError('a response record has no address or no date');
  const block = await record.readFully();
  if (block.length !== record.warcContentLength) throw new CaptureError(`the record of ${url} is cut off`);
  const remoteAddress = record.warcHeader('WARC-IP-Address');
  const request = record.warcHeader(REQUEST_MARK);
  const asked = record.warcHeader(ASKED);
  return {
    response: {
      kind: 'response',
      url,
      ...decodeHttpMessage(block),
      ...(remoteAddress ? { remoteAddress } : {}),
    },
    fetchedAt,
    lookedAt: Number(record.warcHeader(LOOKED_AT) || fetchedAt),
    ...(request ? { request } : {}),
    ...(asked ? { asked } : {}),
  };
}
