import { createHash } from 'node:crypto';
import type { BookProgress } from '../extract/book-progress.ts';
import type { PublisherContext } from '../extract/extract-context.ts';
import { compareBooks, itemOfPage, partitionOfPage } from '../extract/page-key.ts';
import { RunMemory } from '../extract/run-memory.ts';
import { reasonText, type ScanDecision } from '../extract/scan.ts';
import { scanNow, withImage } from '../extract/scan-now.ts';
import type { UsedByPage } from '../extract/scan-state.ts';
import type { PageKey } from '../ports/page-library.ts';
import type { Partition } from '../source/source.ts';

/**
 * How a labelled page is published: with the rows of its result, as one that is still to come, or as one that
 * will not come unless a person does something.
 */
export type PublishedAs = 'done' | 'pending' | 'failed';

export interface LabelledPage {
  readonly page: PageKey;
  readonly state: PublishedAs;
  /** As a scan tells it: `waits for page 3`. */
  readonly reason: string;
}

/** The labelled pages of a partition, in book order. */
export interface LabelledPartition {
  readonly partition: Partition;
  readonly pages: readonly LabelledPage[];
  readonly books: readonly BookProgress[];
  /** The same for the same pages in the same states. */
  readonly fingerprint: string;
}

/**
 * Images that are looked for: each is read. At the end of a run there are no more than a few runnable pages,
 * and a page whose image was not looked for is one that is still to come.
 */
const MOST_IMAGES = 200;

/** What a library and the records of its pages say now, by `<state>#<date>`. */
export async function labelledNow(context: PublisherContext): Promise<Map<string, LabelledPartition>> {
  const memory = new RunMemory();
  const { decisions, known } = await scanNow(context, {}, memory);
  const found = new Map<string, { partition: Partition; pages: LabelledPage[]; books: Book[] }>();
  let images = 0;
  for (const scanned of decisions) {
    const { page } = scanned;
    const hasResult = known.result(page) !== undefined;
    const asks = !hasResult && scanned.reason === 'runnable' && ++images <= MOST_IMAGES;
    const decision = asks ? await withImage(context, scanned, memory) : scanned;
    const partition = partitionOfPage(page);
    const key = partitionKey(partition);
    const entry = found.get(key) ?? { partition, pages: [], books: [] };
    found.set(key, entry);
    const last = entry.books.at(-1);
    const book = last && compareBooks(last, page) === 0 ? last : newBook(page);
    if (book !== last) entry.books.push(book);
    addTo(book, hasResult ? 'done' : decision.reason, known.used(page));
    const state = hasResult ? 'done' : STATE_OF[decision.reason];
    entry.pages.push({ page, state, reason: hasResult ? 'done' : reasonText(decision) });
  }
  return new Map(
    [...found].map(([key, entry]) => [key, { ...entry, fingerprint: fingerprintOf(entry.pages) }]),
  );
}

/** Of a partition that has no label any more. */
export function unlabelled(partition: Partition): LabelledPartition {
  return { partition, pages: [], books: [], fingerprint: fingerprintOf([]) };
}

export function partitionKey({ value, date }: Partition): string {
  return `${value}#${date}`;
}

type Reason = ScanDecision['reason'];

/** Of pages without a result; `filtered` never comes where nothing is filtered. */
const STATE_OF: Readonly<Record<Reason, PublishedAs>> = {
  filtered: 'pending',
  done: 'done',
  'in flight': 'pending',
  exhausted: 'failed',
  waits: 'pending',
  'no image': 'failed',
  runnable: 'pending',
};

type Counter = 'done' | 'inFlight' | 'exhausted' | 'waiting' | 'noImage' | 'runnable';
const COUNTED_AS: Readonly<Record<Reason, Counter>> = {
  filtered: 'waiting',
  done: 'done',
  'in flight': 'inFlight',
  exhausted: 'exhausted',
  waits: 'waiting',
  'no image': 'noImage',
  runnable: 'runnable',
};

type Book = { -readonly [Name in keyof BookProgress]: BookProgress[Name] };

function newBook({ state, school, year }: PageKey): Book {
  return {
    state,
    school,
    year,
    pages: 0,
    done: 0,
    inFlight: 0,
    waiting: 0,
    runnable: 0,
    exhausted: 0,
    noImage: 0,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
  };
}

function addTo(book: Book, reason: Reason, used: UsedByPage | undefined): void {
  book.pages++;
  book[COUNTED_AS[reason]]++;
  if (reason !== 'done' || !used) return;
  if (used.tokens) {
    book.inputTokens = (book.inputTokens ?? 0) + used.tokens.input;
    book.outputTokens = (book.outputTokens ?? 0) + used.tokens.output;
  }
  // The same sum whatever the order of additions would round it to.
  if (used.costUsd !== null) book.costUsd = Number(((book.costUsd ?? 0) + used.costUsd).toFixed(9));
}

function fingerprintOf(pages: readonly LabelledPage[]): string {
  const hash = createHash('sha256');
  for (const { page, state } of pages) hash.update(`${itemOfPage(page)} ${state}\n`);
  return `${hash.digest('hex').slice(0, 32)}:${pages.length}`;
}
