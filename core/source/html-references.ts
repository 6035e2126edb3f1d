import { createRequire } from 'node:module';

type References = typeof import('entities/decode');

/** The tables of character references: 30 KB, loaded by the first page that has one. */
let references: References | undefined;

/** `&amp;` is `&`. In attributes what looks like a part of an address is left as it is. */
export function decodeReferences(text: string, decode: 'decodeHTML' | 'decodeHTMLAttribute'): string {
  references ??= createRequire(import.meta.url)('entities/decode') as References;
  return references[decode](text);
}
