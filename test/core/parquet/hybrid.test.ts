import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bytes } from '../../../core/parquet/bytes.ts';
import { bitWidth, writeHybrid } from '../../../core/parquet/hybrid.ts';

/** Written from Encodings.md of Apache Parquet: runs, and groups of eight packed from the lowest bit on. */
function readHybrid(bytes: Uint8Array, width: number, count: number): number[] {
  const values: number[] = [];
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  };
  while (values.length < count) {
    const header = varint();
    if (header & 1) {
      const groups = header >> 1;
      const bits = [...bytes.subarray(at, at + groups * width)].flatMap((byte) =>
        Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1),
      );
      for (let n = 0; n < groups * 8; n++)
        values.push(
          bits.slice(n * width, (n + 1) * width).reduce((sum, bit, place) => sum + bit * 2 ** place, 0),
        );
      at += groups * width;
    } else {
      let value = 0;
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) value += bytes[at++]! * 256 ** byte;
      for (let n = 0; n < header >> 1; n++) values.push(value);
    }
  }
  expect(at).toBe(bytes.length);
  // Behind the last value only the rest of its group.
  expect(values.length - count).toBeLessThan(8);
  return values.slice(0, count);
}

const runs = (max: number) =>
  fc
    .array(fc.tuple(fc.nat(max), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }))), {
      maxLength: 40,
    })
    .map((some) => some.flatMap(([value, count]) => Array<number>(count).fill(value)));

describe('small numbers', () => {
  it.each([0, 1, 2, 7, 255, 256, 70_000])('up to %i are read back, run or not', (max) => {
    fc.assert(
      fc.property(runs(max), (values) => {
        const out = new Bytes(1);
        writeHybrid(out, values, bitWidth(max));
        expect(readHybrid(out.subarray(), bitWidth(max), values.length)).toEqual(values);
      }),
    );
  });

  it('take as many bits as the greatest of them', () => {
    expect([0, 1, 2, 3, 4, 255, 256].map(bitWidth)).toEqual([0, 1, 2, 2, 3, 8, 9]);
  });
});
