import type { HandledBatch } from '../core/enrich/drain.ts';

/** Batches between two lines of statistics. */
const TELL_EVERY = 10;

/** What a worker has done since it began. */
export interface WorkerCounts {
  /** Messages taken in. */
  readonly processed: number;
  /** Messages whose record was valid, and of those the ones that are stored. */
  readonly enriched: number;
  readonly persisted: number;
  /** All that is not stored: invalid, parked, or not taken by the store. */
  readonly failed: number;
  readonly batches: number;
  /** Messages a second, of the time in which there were any. */
  readonly rate: number;
}

/** Counts the batches of one worker. */
export class WorkerStatistics {
  #counts = { processed: 0, enriched: 0, persisted: 0, failed: 0, batches: 0 };
  #seconds = 0;

  get counts(): WorkerCounts {
    const { processed } = this.#counts;
    const rate = this.#seconds === 0 ? 0 : Math.round((processed / this.#seconds) * 10) / 10;
    return { ...this.#counts, rate };
  }

  /** True where a line of statistics is due. */
  get isLineDue(): boolean {
    return this.#counts.batches % TELL_EVERY === 0;
  }

  /** `seconds`: what the batch took. */
  add({ messages, size }: HandledBatch, seconds: number): void {
    const answers = messages === 'untaken' ? [] : messages.map(({ answer }) => answer.kind);
    const count = (...kinds: readonly string[]) => answers.filter((kind) => kinds.includes(kind)).length;
    const enriched = answers.length - count('dead');
    const persisted = enriched - count('parked', 'retry');
    const { processed, failed, batches, ...before } = this.#counts;
    this.#counts = {
      processed: processed + size,
      enriched: before.enriched + enriched,
      persisted: before.persisted + persisted,
      failed: failed + size - persisted,
      batches: batches + 1,
    };
    this.#seconds += seconds;
  }
}

export function statisticsLine({
  processed,
  enriched,
  persisted,
  failed,
  batches,
  rate,
}: WorkerCounts): string {
  return `Stats: processed=${processed}, enriched=${enriched}, persisted=${persisted}, failed=${failed}, batches=${batches}, rate=${rate.toFixed(1)} msg/s`;
}
