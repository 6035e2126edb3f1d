import { Buffer } from 'node:buffer';

/**
 * ISO-8859-1 bytes; what the charset cannot hold becomes a numeric reference, as an old CMS would write it.
 */
export function latin1(html: string, declaration: string): Buffer {
  const text = html
    .replace('<meta charset="utf-8">', declaration)
    .replace(/[\u0100-\u{10ffff}]/gu, (char) => `&#${char.codePointAt(0)};`);
  return Buffer.from(text, 'latin1');
}
