import type { ParquetColumn, ParquetValue, PhysicalType } from './format.ts';

/** Bytes of a bound of texts; longer ones are cut. */
const BOUND_BYTES = 16;

/** A bound as the footer has it. */
interface Bound {
  readonly bytes: Uint8Array;
  /** False where no value is the bound itself. */
  readonly isExact: boolean;
}

export interface Bounds {
  readonly min: Bound;
  readonly max: Bound;
}

/** The bounds are left out where no value has an order. */
export interface Statistics extends Partial<Bounds> {
  readonly nulls: number;
}

const WIDTHS = { INT32: 4, INT64: 8, DOUBLE: 8 } as const;

/** Least and greatest value; `plain`: all of them as PLAIN writes them. */
export function boundsOf(
  { type }: ParquetColumn,
  plain: Uint8Array,
  values: readonly ParquetValue[],
): Bounds | undefined {
  if (type === 'BYTE_ARRAY') return boundsOfTexts(plain);
  let [min, max] = [-1, -1];
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    // It has no order.
    if (Number.isNaN(value)) continue;
    if (min < 0 || value < values[min]!) min = at;
    if (max < 0 || value > values[max]!) max = at;
  }
  if (min < 0) return undefined;
  const exact = (at: number) => ({ bytes: bytesOf(type, plain, at, values[at]!), isExact: true });
  const bounds = { min: exact(min), max: exact(max) };
  // 0 and -0 are equal, and either may be among the values.
  if (type === 'DOUBLE' && values[min] === 0) bounds.min.bytes[7] = 0x80;
  if (type === 'DOUBLE' && values[max] === 0) bounds.max.bytes[7] = 0;
  return bounds;
}

function bytesOf(
  type: Exclude<PhysicalType, 'BYTE_ARRAY'>,
  plain: Uint8Array,
  at: number,
  value: ParquetValue,
): Uint8Array {
  if (type === 'BOOLEAN') return Uint8Array.of(value ? 1 : 0);
  return plain.slice(at * WIDTHS[type], (at + 1) * WIDTHS[type]);
}

/** By their bytes of UTF-8, which is the order of the format; that of JavaScript differs from U+E000 on. */
function boundsOfTexts(plain: Uint8Array): Bounds | undefined {
  if (plain.length === 0) return undefined;
  const { buffer, byteOffset, byteLength } = plain;
  const lengths = new DataView(buffer, byteOffset, byteLength);
  let end = 4 + lengths.getUint32(0, true);
  let [minStart, minEnd, maxStart, maxEnd] = [4, end, 4, end];
  while (end < plain.length) {
    const start = end + 4;
    end = start + lengths.getUint32(start - 4, true);
    if (isBelow(plain, start, end, minStart, minEnd)) [minStart, minEnd] = [start, end];
    else if (isBelow(plain, maxStart, maxEnd, start, end)) [maxStart, maxEnd] = [start, end];
  }
  return { min: cutBelow(plain.slice(minStart, minEnd)), max: cutAbove(plain.slice(maxStart, maxEnd)) };
}

function isBelow(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  const common = Math.min(aEnd - a, bEnd - b);
  for (let at = 0; at < common; at++)
    if (bytes[a + at] !== bytes[b + at]) return bytes[a + at]! < bytes[b + at]!;
  return aEnd - a < bEnd - b;
}

/** A start of the text is below it. It ends where a character does. */
function cutBelow(text: Uint8Array): Bound {
  if (text.length <= BOUND_BYTES) return { bytes: text, isExact: true };
  let end = BOUND_BYTES;
  while ((text[end]! & 0xc0) === 0x80) end--;
  return { bytes: text.subarray(0, end), isExact: false };
}

/** A start of the text is above it once its last ASCII character is the next one; whole where it has none. */
function cutAbove(text: Uint8Array): Bound {
  if (text.length <= BOUND_BYTES) return { bytes: text, isExact: true };
  let last = BOUND_BYTES - 1;
  while (last >= 0 && text[last]! >= 0x7f) last--;
  if (last < 0) return { bytes: text, isExact: true };
  const bytes = text.slice(0, last + 1);
  bytes[last]!++;
  return { bytes, isExact: false };
}
