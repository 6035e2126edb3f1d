import fc from 'fast-check';
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { describe, expect, it } from 'vitest';
import { xxhash64Low } from '../../../core/parquet/xxhash64.ts';

describe('the hash of a page', () => {
  it('is the low half of xxHash64, as a library computes it', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(300).map((size) => new Uint8Array(size).fill(255)),
    );
    fc.assert(
      fc.property(bytes, (page) => {
        expect(xxhash64Low(page)).toBe(Number(xxhash64(page) & 0xffff_ffffn));
      }),
      { numRuns: 1000 },
    );
  });

  it('is that of the bytes alone, wherever in their memory they begin', () => {
    const bytes = Uint8Array.from({ length: 70 }, (_, at) => (at * 41) % 256);
    for (let from = 0; from < 9; from++) {
      const place = new Uint8Array(bytes.length + from);
      place.set(bytes, from);
      expect(xxhash64Low(place.subarray(from))).toBe(xxhash64Low(bytes));
    }
  });

  it('has the values of the specification', () => {
    expect(xxhash64Low(new Uint8Array(0))).toBe(0x51d8e999);
    expect(xxhash64Low(new TextEncoder().encode('abc'))).toBe(0xad770999);
  });
});
