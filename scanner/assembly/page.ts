import { FF, LF, SPACE, TAB } from '../../core/source/html-characters.ts';

// The page that is read, and what all of the scanner asks of its bytes.

/**
 * Where the page stands in memory: behind all that the scanner keeps for itself. A place on the page is
 * counted from here.
 */
export const PAGE = 1 << 17;
/** Zeros behind the page: whoever looks a few bytes ahead meets its end. */
export const PADDING = 32;

/** Bytes of the page. */
export let length: i32 = 0;

export function beginPage(bytes: i32): void {
  length = bytes;
  memory.fill(PAGE + bytes, 0, PADDING);
}

export function byte(at: i32): i32 {
  return <i32>load<u8>(at, PAGE);
}

export function isSpace(c: i32): bool {
  return c === SPACE || c === LF || c === TAB || c === FF;
}

export function lower(c: i32): i32 {
  return <u32>(c - 0x41) < 26 ? c + 0x20 : c;
}

export function isLetter(c: i32): bool {
  return <u32>((c | 0x20) - 0x61) < 26;
}

/** Where the byte stands next; the end of the page where it does not. */
export function find(c: i32, from: i32): i32 {
  const wanted = i8x16.splat(<i8>c);
  let at = from;
  while (at < length) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at, PAGE), wanted));
    if (found !== 0) {
      at += ctz(found);
      return at < length ? at : length;
    }
    at += 16;
  }
  return length;
}

/** Whether the ASCII text, in lower case, stands there in any case. */
export function standsAt(at: i32, text: string): bool {
  for (let i = 0; i < text.length; i++) if (lower(byte(at + i)) !== text.charCodeAt(i)) return false;
  return true;
}

/** White space at its ends and inside is all there is, as regular expressions have white space. */
export function isBlank(from: i32, to: i32): bool {
  let at = from;
  while (at < to) {
    const c = byte(at);
    if (c === SPACE || <u32>(c - 9) < 5) {
      at++;
      continue;
    }
    const size = c < 0x80 ? 0 : wideSpace(at);
    if (size === 0) return false;
    at += size;
  }
  return true;
}

/** Bytes of the white space beyond ASCII that stands there; 0 where none does. */
function wideSpace(at: i32): i32 {
  const c = byte(at);
  const second = byte(at + 1);
  const third = byte(at + 2);
  if (c === 0xc2) return second === 0xa0 ? 2 : 0;
  if (c === 0xe1) return second === 0x9a && third === 0x80 ? 3 : 0;
  if (c === 0xe3) return second === 0x80 && third === 0x80 ? 3 : 0;
  if (c === 0xef) return second === 0xbb && third === 0xbf ? 3 : 0;
  if (c !== 0xe2) return 0;
  if (second === 0x81) return third === 0x9f ? 3 : 0;
  if (second !== 0x80) return 0;
  return (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf ? 3 : 0;
}
