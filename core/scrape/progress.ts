import type { PartitionJob } from '../job.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import type { Row } from '../schema/columns.ts';
import { type Item, type ListedItem, rowKeyOf, type Source } from '../source/source.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint.ts';
import { type IndexWalk, walkIndex } from './index-walk.ts';
import { type ItemWalk, walkItem } from './item-walk.ts';

/** The item id under which what a target lacks is looked up. */
export const LOOK_UP_ID = 'look-up';

const NONE: readonly Row[] = [];

type Tried = Pick<Checkpoint, 'outcome' | 'attempt' | 'lookedAt'>;

/** As they happened: ids are made from the clock, which may be set back in the midst of a run. */
export function inOrder(a: Omit<Tried, 'outcome'>, b: Omit<Tried, 'outcome'>): number {
  return a.lookedAt - b.lookedAt || (a.attempt.attempt_id < b.attempt.attempt_id ? -1 : 1);
}

/** What is already on record of this scrape, by item, and for an index of several pages by page. */
export class ScrapeProgress {
  readonly #last = new Map<string, Checkpoint>();
  readonly #attempts = new Map<string, number>();
  /** Attempts of a page that another proxy made again at once. */
  readonly #again = new Map<string, number>();
  readonly #tried: Tried[] = [];
  readonly #rowKeys = new Map<string, Set<string>>();
  readonly #source: Source;

  private constructor(source: Source) {
    this.#source = source;
  }

  static async load({ platform, runId, source, partition, recorded }: PartitionJob): Promise<ScrapeProgress> {
    const progress = new ScrapeProgress(source);
    const read = readCheckpoints(platform.lake, runId, source.name, partition, recorded);
    for await (const { checkpoint } of read) progress.add(checkpoint);
    return progress;
  }

  add(checkpoint: Checkpoint): void {
    if (checkpoint.kind === 'robots' || checkpoint.kind === 'look-up') return;
    const { item, page, outcome, attempt, lookedAt } = checkpoint;
    this.#tried.push({ outcome, attempt, lookedAt });
    const name = pageName(item.id, page);
    if (checkpoint.again) this.#again.set(name, (this.#again.get(name) ?? 0) + 1);
    const number = attempt.attempt_number;
    if (number <= this.attempts(item.id, page)) return;
    this.#attempts.set(name, number);
    // Records are read again from the checkpoint when the scrape is finalized: they need not stay in memory.
    const { learned } = checkpoint;
    if (learned?.kind !== 'records') {
      this.#last.set(name, checkpoint);
      return;
    }
    this.#last.set(name, { ...checkpoint, learned: { ...learned, records: NONE } });
    if (page === undefined && !learned.follow) return;
    const keys = this.#rowKeys.get(item.id) ?? new Set();
    for (const record of learned.records) keys.add(rowKeyOf(this.#source, record));
    this.#rowKeys.set(item.id, keys);
  }

  /** Every attempt so far, as it happened. */
  inOrder(): readonly Tried[] {
    return this.#tried.toSorted(inOrder);
  }

  /** The latest look; milliseconds, 0 for none. */
  lastLookAt(): number {
    return this.#tried.reduce((last, { lookedAt }) => Math.max(last, lookedAt), 0);
  }

  /** `page`: of an index or an item, from 0. */
  last(id: string, page?: number): Checkpoint | undefined {
    return this.#last.get(pageName(id, page));
  }

  attempts(id: string, page?: number): number {
    return this.#attempts.get(pageName(id, page)) ?? 0;
  }

  /** Tries of a page that count as such: to go on to the next proxy is none. */
  tries(id: string, page?: number): number {
    return this.attempts(id, page) - (this.#again.get(pageName(id, page)) ?? 0);
  }

  /** How far the index was read that begins at this absolute address. */
  index(first: string): IndexWalk {
    return walkIndex(first, (page) => this.last(INDEX_ID, page)?.learned);
  }

  /** How far an item was brought home. */
  item(item: Item): ItemWalk {
    return walkItem(item, (page) => this.last(item.id, page)?.learned);
  }

  /** Keys of the rows of an item that takes several requests, as far as they came. */
  rowKeys(id: string): ReadonlySet<string> | undefined {
    return this.#rowKeys.get(id);
  }

  /** The items of the day; undefined while the index could not be read. */
  listed(): readonly ListedItem[] | undefined {
    const walk = this.index('');
    return walk.kind === 'read' ? walk.items : undefined;
  }
}

/** No identifier has a `/`: nothing else is called so. */
function pageName(id: string, page = 0): string {
  return page === 0 ? id : `${id}/${page}`;
}
