import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CaptureError } from '../../../core/capture/capture-error.ts';
import { gzipMember, readGzipMember, storedGzipMember } from '../../../core/capture/gzip-member.ts';

const content = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7919) >> 3);

describe.each([
  ['compressed', gzipMember],
  ['stored', storedGzipMember],
])('a gzip member that is %s', (_, member) => {
  it.each([0, 1, 65_534, 65_535, 65_536, 131_070, 131_071, 300_000])('gives back %i bytes', (length) => {
    const bytes = member(content(length));
    expect(gunzipSync(bytes).equals(content(length))).toBe(true);
  });

  it('ends where the next one begins', () => {
    const [first, second] = [member(content(70_000)), member(content(5))];
    const file = Buffer.concat([first, second]);
    expect(readGzipMember(file, 0).length).toBe(first.length);
    expect(readGzipMember(file, first.length).content).toEqual(Buffer.from(content(5)));
  });

  it('is refused with a byte changed, or reads the same: its length is there twice', () => {
    const bytes = member(content(300));
    let refused = 0;
    for (let at = 10; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x11;
      try {
        expect([at, readGzipMember(changed, 0).content]).toEqual([at, Buffer.from(content(300))]);
      } catch (error) {
        expect(error).toBeInstanceOf(CaptureError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThanOrEqual(bytes.length - 10 - 5);
  });
});

it('a stored member is longer than its content by little more than header and checksum', () => {
  expect(storedGzipMember(content(65_535)).length).toBe(65_535 + 10 + 5 + 8);
});
