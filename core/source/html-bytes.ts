import { FF, LF, SPACE, TAB } from './html-characters.ts';

/** White space as the HTML standard has it; a carriage return has become a line feed before. */
export function isSpace(c: number | undefined): boolean {
  return c === SPACE || c === LF || c === TAB || c === FF;
}

/** White space of one byte, as regular expressions have it. */
export function isBlank(c: number | undefined): boolean {
  return c === SPACE || (c !== undefined && c >= 0x09 && c <= 0x0d);
}

/** Whether the ASCII text, in lower case, stands there in any case. */
export function standsAt(bytes: Uint8Array, at: number, lowerCase: string): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    const c = bytes[at + i]!;
    if ((c >= 0x41 && c <= 0x5a ? c + 0x20 : c) !== lowerCase.charCodeAt(i)) return false;
  }
  return true;
}
