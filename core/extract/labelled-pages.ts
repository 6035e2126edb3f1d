import type { PageKey } from '../ports/page-library.ts';
import { type BookKey, compareBooks } from './page-key.ts';

/**
 * The labelled pages of a library, taken in any order and handed out in book order, each once. Of a page it
 * keeps its number alone.
 */
export class LabelledPages {
  readonly #books = new Map<string, Book>();
  #labels = 0;

  static async of(labels: AsyncIterable<PageKey> | Iterable<PageKey>): Promise<LabelledPages> {
    const pages = new LabelledPages();
    for await (const label of labels) pages.add(label);
    return pages;
  }

  add({ state, school, year, page }: PageKey): void {
    this.#labels++;
    const name = `${state}:${school}:${year}`;
    const known = this.#books.get(name);
    if (known) {
      known.isSorted &&= page > known.pages.at(-1)!;
      known.pages.push(page);
    } else this.#books.set(name, { book: { state, school, year }, pages: [page], isSorted: true });
  }

  /** How many labels belong to a page that has one already, as `007.json` beside `7.json`. */
  get repeated(): number {
    let pages = 0;
    for (const entry of this.#books.values()) pages += sortedPages(entry).length;
    return this.#labels - pages;
  }

  /** State and school by code point, then year; the pages of each by number. */
  *books(): Generator<{ readonly book: BookKey; readonly pages: readonly number[] }, void> {
    for (const entry of [...this.#books.values()].sort((a, b) => compareBooks(a.book, b.book)))
      yield { book: entry.book, pages: sortedPages(entry) };
  }
}

interface Book {
  readonly book: BookKey;
  pages: number[];
  /** Each is greater than the one before. */
  isSorted: boolean;
}

function sortedPages(entry: Book): readonly number[] {
  if (!entry.isSorted) {
    entry.pages.sort((a, b) => a - b);
    entry.pages = entry.pages.filter((page, at, all) => page !== all[at - 1]);
    entry.isSorted = true;
  }
  return entry.pages;
}
