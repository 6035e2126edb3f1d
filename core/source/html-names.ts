import type { Buffer } from 'node:buffer';

/** Names that were met, by their hash: as constants they need not be hashed again as keys of objects. */
const NAMES: (string | undefined)[] = new Array(256).fill(undefined);
const LONGEST_NAME = 32;

/** The name of an attribute, in lower case. */
export function attributeName(bytes: Buffer, from: number, to: number): string {
  let hash = 0;
  for (let at = from; at < to; at++) hash = (hash * 31 + bytes[at]!) | 0;
  const slot = hash & 0xff;
  const known = NAMES[slot];
  if (known !== undefined && known.length === to - from && isAt(bytes, from, known)) return known;
  const printed = bytes.toString('latin1', from, to);
  const name = printed.toLowerCase();
  if (name === printed && name.length <= LONGEST_NAME) NAMES[slot] = name;
  return name;
}

/** Whether the ASCII text stands there, in its own case. */
export function isAt(bytes: Buffer, from: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
