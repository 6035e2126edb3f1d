import { Buffer } from 'node:buffer';
import { crc32, gzipSync, inflateRawSync } from 'node:zlib';
import { CaptureError } from './capture-error.ts';

/** Flag bits of the header and the sizes around the data, RFC 1952 section 2.3. */
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const FIXED_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** Deflate, no flags, no time, unknown system. */
const PLAIN_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** RFC 1951, section 3.2.4: bytes of a block that is stored as it is, at most. */
const STORED_BLOCK = 0xffff;
const BLOCK_HEADER_BYTES = 5;
/**
 * Measured on one core with a 178 KB page: level 1 takes 0.5 ms for 24 KB, level 6 1.8 ms for 20 KB.
 */
const LEVEL = 1;

/** The content as one gzip member. */
export function gzipMember(content: Uint8Array): Uint8Array {
  return gzipSync(content, { level: LEVEL });
}

/**
 * As it is: for what is compressed already, and would gain nothing. Level 0 of zlib gives as much, and takes
 * 0.05 ms for its state.
 */
export function storedGzipMember(content: Uint8Array): Uint8Array {
  return filledGzipMember(content.length, (room) => room.set(content));
}

/** A stored member of so many bytes, which `fill` writes where they stay: a page is copied once. */
export function filledGzipMember(length: number, fill: (content: Buffer) => void): Uint8Array {
  const blocks = Math.max(1, Math.ceil(length / STORED_BLOCK));
  const start = FIXED_HEADER_BYTES + blocks * BLOCK_HEADER_BYTES;
  const member = Buffer.allocUnsafe(start + length + TRAILER_BYTES);
  const content = member.subarray(start, start + length);
  fill(content);
  member.writeUInt32LE(crc32(content), start + length);
  member.writeUInt32LE(length % 2 ** 32, start + length + 4);
  member.set(PLAIN_HEADER);
  for (let block = 0; block < blocks; block++) {
    const from = block * STORED_BLOCK;
    const bytes = Math.min(STORED_BLOCK, length - from);
    const at = FIXED_HEADER_BYTES + block * BLOCK_HEADER_BYTES + from;
    // All but the last move up, to leave room for the headers of those behind them.
    if (block < blocks - 1) member.copyWithin(at + BLOCK_HEADER_BYTES, start + from, start + from + bytes);
    member[at] = block === blocks - 1 ? 1 : 0;
    member.writeUInt16LE(bytes, at + 1);
    member.writeUInt16LE(bytes ^ STORED_BLOCK, at + 3);
  }
  return member;
}

export interface GzipMember {
  readonly content: Uint8Array;
  /** Bytes that the member takes in the file, header and trailer included. */
  readonly length: number;
}

/**
 * The one gzip member that starts at `offset`, whatever follows it. `gunzipSync` would go on into the next
 * members, and fail where the slice ends inside one. Throws a CaptureError where the member is damaged or cut
 * off.
 */
export function readGzipMember(bytes: Uint8Array, offset: number): GzipMember {
  const dataStart = offset + headerLength(bytes, offset);
  let inflated: { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  try {
    // With `info` the answer also tells how many bytes the stream took, which the types do not know.
    inflated = inflateRawSync(bytes.subarray(dataStart), { info: true }) as unknown as typeof inflated;
  } catch (error) {
    throw new CaptureError(`damaged or cut off capture at offset ${offset}`, { cause: error });
  }
  const trailer = dataStart + inflated.engine.bytesWritten;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (trailer + TRAILER_BYTES > bytes.length || view.getUint32(trailer, true) !== crc32(inflated.buffer)) {
    throw new CaptureError(`damaged or cut off capture at offset ${offset}: the checksum does not fit`);
  }
  return { content: inflated.buffer, length: trailer + TRAILER_BYTES - offset };
}

function headerLength(bytes: Uint8Array, offset: number): number {
  if (bytes[offset] !== 0x1f || bytes[offset + 1] !== 0x8b || bytes[offset + 2] !== 8) {
    throw new CaptureError(`no gzip member at offset ${offset}`);
  }
  const flags = bytes[offset + 3] ?? 0;
  let end = offset + FIXED_HEADER_BYTES;
  if (flags & FLAG_EXTRA) end += 2 + (bytes[end] ?? 0) + 256 * (bytes[end + 1] ?? 0);
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if (flags & flag) end = bytes.indexOf(0, end) + 1 || bytes.length;
  }
  if (flags & FLAG_HEADER_CRC) end += 2;
  return end - offset;
}
