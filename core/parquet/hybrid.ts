import type { Bytes } from './bytes.ts';

/** Values of one group of the packed kind; a run that is no shorter is written as a run. */
const GROUP = 8;

/** Bits that each of the numbers from 0 to `max` takes. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** Small numbers as runs, and packed in bits where they do not repeat (RLE / bit-packing hybrid). */
export function writeHybrid(out: Bytes, values: ArrayLike<number>, width: number): void {
  const { length } = values;
  let packed = 0;
  let at = 0;
  while (at < length) {
    const value = values[at]!;
    let end = at + 1;
    while (end < length && values[end] === value) end++;
    if (end - at < GROUP) at += GROUP;
    else {
      pack(out, values, width, packed, at);
      out.varint((end - at) * 2);
      for (let bits = 0; bits < width; bits += 8) out.byte((value >> bits) & 0xff);
      packed = end;
      at = end;
    }
  }
  pack(out, values, width, packed, length);
}

/** Whole groups; behind the last value there are zeros. */
function pack(out: Bytes, values: ArrayLike<number>, width: number, from: number, to: number): void {
  if (from >= to) return;
  const groups = Math.ceil((to - from) / GROUP);
  out.varint(groups * 2 + 1);
  let buffer = 0;
  let bits = 0;
  for (let at = from; at < from + groups * GROUP; at++) {
    if (at < to) buffer |= values[at]! << bits;
    bits += width;
    while (bits >= 8) {
      out.byte(buffer & 0xff);
      buffer >>>= 8;
      bits -= 8;
    }
  }
}
