import type { LabelNotice } from '../ports/page-library.ts';
import { counted } from '../wording/figures.ts';

/** So many of one kind are named where nobody asks for all; of the others their number is told. */
const NAMED = 3;
/** A library may hold more odd files than pages: beyond it they are only counted. */
const MOST_KEPT = 100_000;

/** What is said of one kind, of one and of several. */
const WORDS: Readonly<Record<LabelNotice['kind'], readonly [one: string, several: string]>> = {
  'passed-over': ['is no label, and passed over', 'are no labels, and passed over'],
  unreadable: ['cannot be read, and is left out', 'cannot be read, and are left out'],
  similar: ['has a name like another one', 'have names like others'],
  repeated: ['labels a page that has a label already', 'label pages that have a label already'],
};

/** What was noticed of the labels of a library: all of it, and few lines of it for a person. */
export class LabelNotices {
  readonly #all: LabelNotice[] = [];
  readonly #unsaid = new Map<LabelNotice['kind'], { readonly first: LabelNotice[]; count: number }>();

  /** Each gets a line, however many there are. */
  saysAll = false;

  get all(): readonly LabelNotice[] {
    return this.#all;
  }

  add(notice: LabelNotice): void {
    if (this.#all.length < MOST_KEPT) this.#all.push(notice);
    const kind = this.#unsaid.get(notice.kind) ?? { first: [], count: 0 };
    if (this.saysAll || kind.first.length < NAMED) kind.first.push(notice);
    kind.count++;
    this.#unsaid.set(notice.kind, kind);
  }

  /** What came since they were asked for last: a line each for the first few of a kind, then their number. */
  newLines(): string[] {
    const lines = [...this.#unsaid].flatMap(([kind, { first, count }]) => {
      const [one, several] = WORDS[kind];
      const named = first.map(({ path, reason }) => `label ${path}: ${reason}`);
      const more = count - first.length;
      if (more === 0) return named;
      return [
        ...named,
        `${counted(more, 'more', 'more')} ${more === 1 ? one : several}: extract scan names all`,
      ];
    });
    this.#unsaid.clear();
    return lines;
  }
}
