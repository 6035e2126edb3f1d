import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';

export type ContentEncoding = 'identity' | 'zstd' | 'br' | 'gzip';

/** In the order that the site prefers among equals. */
export const ENCODINGS = ['zstd', 'br', 'gzip'] as const satisfies readonly ContentEncoding[];

/** The coding that an Accept-Encoding header likes best; `identity` where it names none that is offered. */
export function chooseEncoding(
  accept: string | undefined,
  offered: readonly ContentEncoding[],
): ContentEncoding {
  const weights = new Map<string, number>();
  for (const part of (accept ?? '').split(',')) {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    if (name) weights.set(name, q ? Number(q.slice(2)) : 1);
  }
  let best: ContentEncoding = 'identity';
  let weight = 0;
  for (const coding of offered) {
    const asked = weights.get(coding) ?? weights.get('*') ?? 0;
    if (asked > weight) [best, weight] = [coding, asked];
  }
  return best;
}

/** Levels of a busy server: a few milliseconds for a page. */
export function encode(body: Uint8Array, coding: ContentEncoding): Uint8Array {
  switch (coding) {
    case 'identity':
      return body;
    case 'gzip':
      return gzipSync(body, { level: 6 });
    case 'br':
      return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    case 'zstd':
      return zstdCompressSync(body);
  }
}
