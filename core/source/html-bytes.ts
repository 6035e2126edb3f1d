export const TAB = 0x09;
export const LF = 0x0a;
export const FF = 0x0c;
export const CR = 0x0d;
export const SPACE = 0x20;
export const BANG = 0x21;
export const DOUBLE_QUOTE = 0x22;
export const SINGLE_QUOTE = 0x27;
export const SLASH = 0x2f;
export const LESS_THAN = 0x3c;
export const EQUALS = 0x3d;
export const GREATER_THAN = 0x3e;
export const QUESTION_MARK = 0x3f;

/** White space as the HTML standard has it; a carriage return has become a line feed before. */
export function isSpace(c: number | undefined): boolean {
  return c === SPACE || c === LF || c === TAB || c === FF;
}

export function isLetter(c: number | undefined): boolean {
  return c !== undefined && ((c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a));
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
