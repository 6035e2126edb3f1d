import type { LabelNotice, PageKey } from '../ports/page-library.ts';
import { pageOfLabelPath } from './page-key.ts';

/** Paths inside a folder of labels → the pages that they label. Notices among them are handed on. */
export async function* readLabels(
  found: AsyncIterable<string | LabelNotice>,
  told: (notice: LabelNotice) => void = () => {},
): AsyncGenerator<PageKey, void> {
  const names = new SimilarNames();
  let book = '';
  let pages = new Set<number>();
  for await (const each of found) {
    if (typeof each !== 'string') {
      told(each);
      continue;
    }
    const page = pageOfLabelPath(each);
    if (typeof page === 'string') {
      told({ kind: 'passed-over', path: each, reason: page });
      continue;
    }
    const folder = each.slice(0, each.lastIndexOf('/'));
    // Labels of one folder come one after the other: no more than one book is in memory.
    if (folder !== book) {
      book = folder;
      pages = new Set();
      for (const reason of names.add(page)) told({ kind: 'similar', path: folder, reason });
    }
    if (pages.has(page.page))
      told({ kind: 'repeated', path: each, reason: `page ${page.page} of this book has a label already` });
    pages.add(page.page);
    yield page;
  }
}

/** Names of states, and of the schools of each, by what is left when case and spelling are not looked at. */
class SimilarNames {
  readonly #spellings = new Map<string, Set<string>>();

  /** One line for each spelling that is new beside another one. */
  *add({ state, school }: PageKey): Generator<string, void> {
    yield* this.#add('state', state, '');
    yield* this.#add('school', school, `${state}:`);
  }

  *#add(what: string, name: string, place: string): Generator<string, void> {
    const folded = `${place}${name.normalize('NFKC').toLowerCase().normalize('NFKC')}`;
    const known = this.#spellings.get(folded);
    if (known === undefined) this.#spellings.set(folded, new Set([name]));
    else if (!known.has(name)) {
      const [first] = known;
      known.add(name);
      yield `the ${what} ${JSON.stringify(name)} is another than ${JSON.stringify(first)}: they differ in letter case, or in how a character is written`;
    }
  }
}
