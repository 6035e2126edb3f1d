import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type ContentEncoding, encode } from './encoding.ts';
import type { SitePage } from './pages.ts';

/**
 * Encoded bodies up to a number of bytes, the longest unused go first; and the ETag of every page ever
 * rendered, so that an unchanged page is answered with a 304 without rendering it again.
 */
export class BodyCache {
  readonly #maxBytes: number;
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #etags = new Map<string, string>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Weak, because all encodings of a page share it. */
  etag(page: SitePage): string {
    const known = this.#etags.get(page.key);
    if (known) return known;
    const body = Buffer.from(page.render());
    this.#keep(`${page.key}|identity`, body);
    return this.#remember(page.key, body);
  }

  body(page: SitePage, coding: ContentEncoding): Uint8Array {
    const key = `${page.key}|${coding}`;
    const known = this.#bodies.get(key);
    if (known) {
      this.#bodies.delete(key);
      this.#bodies.set(key, known);
      return known;
    }
    const identity = this.#bodies.get(`${page.key}|identity`) ?? Buffer.from(page.render());
    if (!this.#etags.has(page.key)) this.#remember(page.key, identity);
    const body = encode(identity, coding);
    // The plain text is six times the size, and nobody who takes gzip asks for it again.
    if (coding !== 'identity') this.#drop(`${page.key}|identity`);
    this.#keep(key, body);
    return body;
  }

  #remember(key: string, body: Uint8Array): string {
    const etag = `W/"${createHash('sha1').update(body).digest('hex').slice(0, 20)}"`;
    this.#etags.set(key, etag);
    return etag;
  }

  #keep(key: string, body: Uint8Array): void {
    this.#drop(key);
    this.#bodies.set(key, body);
    this.#bytes += body.byteLength;
    for (const oldest of this.#bodies.keys()) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#bodies.get(key)?.byteLength ?? 0;
    this.#bodies.delete(key);
  }
}
