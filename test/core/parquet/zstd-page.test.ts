import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zstdPage } from '../../../core/parquet/zstd-page.ts';

const page = fc.uint8Array({ maxLength: 300 });

/** One byte as it is and one byte repeated once are the same. */
const isAlike = (length: number, bit: number) => length === 1 && bit === 6 * 8 + 1;

function decompressed(frame: Uint8Array): Buffer | 'refused' {
  try {
    return zstdDecompressSync(frame);
  } catch {
    return 'refused';
  }
}

describe('a page', () => {
  it('is a frame of zstd that gives back its content, however short it is', () => {
    fc.assert(
      fc.property(page, (content) => {
        expect(zstdDecompressSync(zstdPage(content))).toEqual(Buffer.from(content));
      }),
    );
  });

  it('is no longer than a compressed one by more than its content', () => {
    expect(zstdPage(new Uint8Array(100)).length).toBe(100 + 13);
    expect(zstdPage(new Uint8Array(1000)).length).toBeLessThan(40);
  });

  it.each([0, 1, 5, 31, 32, 127, 200, 255, 256])(
    'of %i bytes is never read as another with a bit flipped',
    (length) => {
      const content = Uint8Array.from({ length }, (_, at) => (at * 37) % 251);
      const frame = zstdPage(content);
      // Behind the magic number and the flags, which say whether there is a checksum at all.
      for (let bit = 5 * 8; bit < frame.length * 8; bit++) {
        const flipped = Uint8Array.from(frame);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect([bit, decompressed(flipped)]).toEqual([
          bit,
          isAlike(length, bit) ? Buffer.from(content) : 'refused',
        ]);
      }
    },
  );
});
