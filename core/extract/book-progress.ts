import * as z from 'zod';
import { civilDate } from '../calendar/civil-date.ts';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import type { Partition } from '../source/source.ts';

const count = z.int().min(0);

const bookSchema = z.object({
  state: z.string(),
  school: z.string(),
  year: z.int(),
  /** Labelled ones; each is counted once more below. */
  pages: count,
  /** With a result, whether or not they are asked for again. */
  done: count,
  inFlight: count,
  /** For the page before them. */
  waiting: count,
  runnable: count,
  exhausted: count,
  noImage: count,
  /** Of the results that are there; null where none says so. */
  inputTokens: z.int().nullable(),
  outputTokens: z.int().nullable(),
  /** US dollars. */
  costUsd: z.number().nullable(),
});

/** How far a book is, as a scan saw it. */
export type BookProgress = Readonly<z.infer<typeof bookSchema>>;

const booksSchema = z.array(bookSchema);

const progressSchema = z.object({
  books: booksSchema.readonly(),
  /** Results that nobody can read. */
  unreadable: count,
  /** Milliseconds; of the scan. */
  seenAt: z.number(),
  /** What is in the tables, as one text; null while that is not what the scan saw. */
  published: z.string().nullable(),
});

/** What is known of the labelled pages of a partition: `extract-progress#…` / `<state>#<date>`. */
export type PartitionProgress = Readonly<z.infer<typeof progressSchema>>;

/** The last scan of each partition, and what the log says of its books. */
export class ProgressStore {
  readonly #state: StateStore;
  readonly #extraction: string;

  constructor(state: StateStore, extraction: string) {
    this.#state = state;
    this.#extraction = extraction;
  }

  async get({ value, date }: Partition): Promise<PartitionProgress | undefined> {
    const document = await this.#state.get(this.#partition, `${value}#${date}`);
    return document && progressSchema.parse(document.value);
  }

  /** `value`: those of one state. */
  async *list(
    value?: string,
  ): AsyncGenerator<{ readonly partition: Partition; readonly progress: PartitionProgress }> {
    const query = this.#state.query(this.#partition, value === undefined ? {} : { prefix: `${value}#` });
    for await (const document of query)
      yield { partition: partitionOf(document.sort), progress: progressSchema.parse(document.value) };
  }

  write({ value, date }: Partition, progress: PartitionProgress): StateWrite {
    const books = progress.books.map((book) => ({ ...book }));
    return {
      kind: 'put',
      partition: this.#partition,
      sort: `${value}#${date}`,
      value: { ...progress, books },
    };
  }

  /** What the log table has of the books of each partition, by `<state>#<date>`. */
  async logged(): Promise<Map<string, readonly BookProgress[]>> {
    const logged = new Map<string, readonly BookProgress[]>();
    for await (const { sort, value } of this.#state.query(this.#logged))
      logged.set(sort, booksSchema.parse(value));
    return logged;
  }

  loggedWrite({ value, date }: Partition, books: readonly BookProgress[]): StateWrite {
    return {
      kind: 'put',
      partition: this.#logged,
      sort: `${value}#${date}`,
      value: books.map((book) => ({ ...book })),
    };
  }

  get #partition(): string {
    return `extract-progress#${this.#extraction}`;
  }

  get #logged(): string {
    return `extract-logged#${this.#extraction}`;
  }
}

function partitionOf(sort: string): Partition {
  const [value = '', date = ''] = sort.split('#');
  return { value, date: civilDate(date) };
}

/** The counts of several books together. */
export function sumOf(books: readonly BookProgress[]): Omit<BookProgress, 'state' | 'school' | 'year'> {
  const sum = (of: (book: BookProgress) => number) => books.reduce((total, book) => total + of(book), 0);
  const sumKnown = (of: (book: BookProgress) => number | null) =>
    books.every((book) => of(book) === null) ? null : sum((book) => of(book) ?? 0);
  return {
    pages: sum(({ pages }) => pages),
    done: sum(({ done }) => done),
    inFlight: sum(({ inFlight }) => inFlight),
    waiting: sum(({ waiting }) => waiting),
    runnable: sum(({ runnable }) => runnable),
    exhausted: sum(({ exhausted }) => exhausted),
    noImage: sum(({ noImage }) => noImage),
    inputTokens: sumKnown(({ inputTokens }) => inputTokens),
    outputTokens: sumKnown(({ outputTokens }) => outputTokens),
    costUsd: sumKnown(({ costUsd }) => costUsd),
  };
}
