import type { PageKey } from '../ports/page-library.ts';
import { type BookKey, compareBooks } from './page-key.ts';

/**
 * The labelled pages of a library, taken in any order and handed out in book order, each once. Of a page it
 * keeps its number alone.
 */
export class LabelledPages {
  readonly #books = new Map<string, { readonly book: BookKey; pages: number[]; isSorted: boolean }>();
  #size = 0;
  #repeated = 0;

  static async of(labels: AsyncIterable<PageKey> | Iterable<PageKey>): Promise<LabelledPages> {
    const pages = new LabelledPages();
    for await (const label of labels) pages.add(label);
    return pages;
  }

  add({ state, school, year, page }: PageKey): void {
    const name = `${state}:${school}:${year}`;
    const known = this.#books.get(name);
    this.#size++;
    if (!known) {
      this.#books.set(name, { book: { state, school, year }, pages: [page], isSorted: true });
      return;
    }
    known.isSorted &&= page > known.pages.at(-1)!;
    known.pages.push(page);
  }

  /** Labels that were taken. */
  get labels(): number {
    return this.#size;
  }

  /** Labels of a page that has one already, as `007.json` beside `7.json`; known once `books` was read. */
  get repeated(): number {
    return this.#repeated;
  }

  /** State and school by code point, then year; the pages of each by number. */
  *books(): Generator<{ readonly book: BookKey; readonly pages: readonly number[] }, void> {
    for (const entry of [...this.#books.values()].sort((a, b) => compareBooks(a.book, b.book))) {
      if (!entry.isSorted) {
        const each = Uint32Array.from(entry.pages)
          .sort()
          .filter((page, at, all) => page !== all[at - 1]);
        this.#repeated += entry.pages.length - each.length;
        entry.pages = [...each];
        entry.isSorted = true;
      }
      yield entry;
    }
  }
}
