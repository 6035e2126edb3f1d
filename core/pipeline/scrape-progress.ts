import type { Item } from '../source/source.ts';
import type { AttemptContext } from './attempt.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint.ts';

/** The item id under which the index of the day is tried and recorded like any other page. */
export const INDEX_ID = 'index';

/** What is already on record of this scrape, by item. */
export class ScrapeProgress {
  readonly #last = new Map<string, Checkpoint>();
  readonly #attempts = new Map<string, number>();
  readonly #tried: Pick<Checkpoint, 'outcome' | 'attempt'>[] = [];

  static async load({ platform, runId, source, partition }: AttemptContext): Promise<ScrapeProgress> {
    const progress = new ScrapeProgress();
    for await (const { checkpoint } of readCheckpoints(platform.lake, runId, source.name, partition))
      progress.add(checkpoint);
    return progress;
  }

  add(checkpoint: Checkpoint): void {
    if (checkpoint.kind === 'robots') return;
    this.#tried.push({ outcome: checkpoint.outcome, attempt: checkpoint.attempt });
    const id = checkpoint.item.id;
    const number = checkpoint.attempt.attempt_number;
    if (number <= this.attempts(id)) return;
    this.#attempts.set(id, number);
    // Records are read again from the checkpoint when the scrape is sealed: they need not stay in memory.
    const { learned, ...rest } = checkpoint;
    this.#last.set(id, learned && learned.kind !== 'records' ? checkpoint : rest);
  }

  /** Every attempt so far, as it happened. */
  inOrder(): readonly Pick<Checkpoint, 'outcome' | 'attempt'>[] {
    return this.#tried.toSorted((a, b) => (a.attempt.attempt_id < b.attempt.attempt_id ? -1 : 1));
  }

  last(id: string): Checkpoint | undefined {
    return this.#last.get(id);
  }

  attempts(id: string): number {
    return this.#attempts.get(id) ?? 0;
  }

  /** The items of the day; undefined while the index could not be read. */
  listed(): readonly Item[] | undefined {
    const learned = this.#last.get(INDEX_ID)?.learned;
    return learned?.kind === 'items' ? learned.items : undefined;
  }
}
