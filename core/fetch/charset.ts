import { isUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';
import { TextDecoder } from 'node:util';

/**
 * Text of a page by the HTML standard's order: byte order mark, charset of the Content-Type, meta element,
 * XML declaration. Where none of them speaks, UTF-8 if the bytes are valid UTF-8, else windows-1252.
 */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const label = charsetOf(contentType);
  if (label === 'utf-8' && !startsWithUtf16Mark(bytes)) return UTF8.decode(bytes);
  const encoding = sniff(bytes, label);
  if (encoding !== UNDECLARED) return decoderFor(encoding).decode(bytes);
  const declared = declaredByXml(bytes);
  if (declared !== undefined) return decoderFor(declared).decode(bytes);
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return decoderFor('windows-1252').decode(bytes);
  }
}

/**
 * The bytes of the text in UTF-8 where they can be had without making a text of them, as of almost every
 * page: its header says UTF-8, and so it is. A byte order mark is no part of a text; one of UTF-16 is no
 * valid UTF-8 and overrules the header.
 */
export function utf8Of(bytes: Uint8Array, contentType: string): Uint8Array | undefined {
  if (charsetOf(contentType) !== 'utf-8' || !isUtf8(bytes)) return undefined;
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

const UTF8 = new TextDecoder();
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });
const UNDECLARED = 'undeclared';
const DECODERS = new Map<string, TextDecoder>();

/** `utf-8` of `text/html; charset="UTF8"`, lower case; undefined where there is none. */
function charsetOf(contentType: string): string | undefined {
  const at = contentType.toLowerCase().indexOf('charset=');
  if (at < 0) return undefined;
  const value = contentType.slice(at + 8).split(';', 1)[0] ?? '';
  const label = value.replaceAll(/["']/g, '').trim().toLowerCase();
  return label === 'utf8' ? 'utf-8' : label;
}

function startsWithUtf16Mark(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xfe && bytes[1] === 0xff) || (bytes[0] === 0xff && bytes[1] === 0xfe);
}

type Sniffer = typeof import('html-encoding-sniffer')['default'];

/** Loaded by the first page whose header names no UTF-8: 25 KB that few functions need. */
let sniffer: Sniffer | undefined;

function sniff(bytes: Uint8Array, label: string | undefined): string {
  sniffer ??= createRequire(import.meta.url)('html-encoding-sniffer') as Sniffer;
  try {
    return sniffer(bytes, { transportLayerEncodingLabel: label, defaultEncoding: UNDECLARED });
  } catch {
    // The sniffer throws on a meta element that ends in the bare word "charset".
    return UNDECLARED;
  }
}

/** `iso-8859-2` of `<?xml version="1.0" encoding="ISO-8859-2"?>`, at the very start. */
function declaredByXml(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return undefined;
  const start = decoderFor('windows-1252').decode(bytes.subarray(0, 200));
  const [, name] = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(start) ?? [];
  // What could be read as letters of one byte is none of UTF-16.
  return name === undefined || /^utf-?16/i.test(name) ? undefined : name.toLowerCase();
}

function decoderFor(encoding: string): TextDecoder {
  const known = DECODERS.get(encoding);
  if (known !== undefined) return known;
  const decoder = newDecoder(encoding);
  DECODERS.set(encoding, decoder);
  return decoder;
}

function newDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    // `replacement` and `x-user-defined` are names that TextDecoder refuses.
    return UTF8;
  }
}
