import type { Buffer } from 'node:buffer';
import { isBlank } from './html-bytes.ts';
import { SPACE } from './html-characters.ts';
import { isAt } from './html-names.ts';
import { decodeReferences } from './html-references.ts';

/** The value of an attribute. */
export function valueAt(bytes: Buffer, from: number, to: number): string {
  const value = bytes.toString('utf8', from, to);
  return value.includes('&') ? decodeReferences(value, 'decodeHTMLAttribute') : value;
}

/** Values that were met on pages, by their place here: a site repeats a hundred of them on all its pages. */
const VALUES: (string | undefined)[] = new Array(1024).fill(undefined);
const LONGEST_VALUE = 200;

/** The value of an attribute that repeats its values: one that was met before is not made again. */
export function repeatedValueAt(bytes: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length === 0 || length > LONGEST_VALUE) return valueAt(bytes, from, to);
  const place = (length * 31 + bytes[to - 1]! + bytes[from + (length >> 1)]! * 7) & 1023;
  const known = VALUES[place];
  if (known !== undefined && known.length === length && isAt(bytes, from, known)) return known;
  const value = valueAt(bytes, from, to);
  // Of one length with its bytes: it stands on the page as it is.
  if (value.length === length) VALUES[place] = value;
  return value;
}

/**
 * Printable ASCII with single spaces inside, white space at its ends left out; undefined where it is not
 * that.
 */
export function plainText(bytes: Buffer, from: number, to: number): string | undefined {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start]!)) start++;
  while (end > start && isBlank(bytes[end - 1]!)) end--;
  let before = 0;
  for (let at = start; at < end; at++) {
    const c = bytes[at]!;
    if (c <= SPACE ? c !== SPACE || before === SPACE : c > 0x7e) return undefined;
    before = c;
  }
  return bytes.toString('latin1', start, end);
}
