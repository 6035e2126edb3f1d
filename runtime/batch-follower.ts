import { type Batch, isActive } from '../core/extract/batch.ts';
import type { ExtractRecords } from '../core/extract/extract-context.ts';
import type { ExtractEvent } from '../core/extract/extract-event.ts';
import { withoutResultsText } from '../core/extract/process.ts';

type Transition = Batch['transitions'][number];

/**
 * Tells what becomes of batches that are looked after elsewhere, from what is on record of them: the same
 * events, in the same words, as a run on this machine.
 */
export class BatchFollower {
  readonly #records: ExtractRecords;
  readonly #tell: (event: ExtractEvent) => void;
  /** The last transition that was told of each batch that is not over. */
  readonly #told = new Map<string, Transition | undefined>();

  private constructor(records: ExtractRecords, tell: (event: ExtractEvent) => void) {
    this.#records = records;
    this.#tell = tell;
  }

  /** What has become of batches up to now is not told. */
  static async start(records: ExtractRecords, tell: (event: ExtractEvent) => void): Promise<BatchFollower> {
    const follower = new BatchFollower(records, tell);
    for (const { id, transitions } of await records.batches.active())
      follower.#told.set(id, transitions.at(-1));
    return follower;
  }

  /** Tells everything that is new since the last look. A batch that came and went in between is not seen. */
  async look(): Promise<void> {
    const { batches } = this.#records;
    for (const id of await batches.activeIds()) if (!this.#told.has(id)) this.#told.set(id, undefined);
    for (const [id, last] of this.#told) {
      const batch = (await batches.get(id))?.batch;
      if (!batch) continue;
      const { transitions } = batch;
      const at = transitions.findLastIndex((each) => each.at === last?.at && each.state === last.state);
      for (const transition of transitions.slice(at + 1)) await this.#tellTransition(batch, transition);
      if (isActive(batch)) this.#told.set(id, transitions.at(-1));
      else this.#told.delete(id);
    }
  }

  async #tellTransition(batch: Batch, { state, reason }: Transition): Promise<void> {
    const { id, job, pages, counts } = batch;
    switch (state) {
      case 'claiming':
      case 'submitting':
      case 'processing':
        return;
      case 'submitted':
        if (job !== null) this.#tell({ kind: 'submitted', batch: id, job, pages });
        return;
      case 'without-results':
        this.#tell({ kind: 'operator', message: withoutResultsText(batch, reason) });
        return;
      case 'done':
        await this.#tellFailures(id);
        if (counts) this.#tell({ kind: 'processed', batch: id, counts });
        return;
      default:
        this.#tell({ kind: 'ended', batch: id, state, reason });
    }
  }

  async #tellFailures(batch: string): Promise<void> {
    const { batches, failures, settings } = this.#records;
    const { maxRetries } = settings;
    const keys = (await batches.members(batch)).map(({ page }) => page);
    for await (const { page, code, message, attempt } of failures.ofBatch(batch, keys))
      this.#tell({ kind: 'page-failed', ...{ batch, page, code, message, attempt, maxRetries } });
  }
}
