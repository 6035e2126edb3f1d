import * as z from 'zod';
import { OUTCOME_CODES, type Outcome } from '../outcome/outcome.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Partition } from '../source/source.ts';

/** How the failure is being tried again by itself; times in milliseconds. */
const retrySchema = z.object({
  /** When its message was sent. */
  sentAt: z.number(),
  /** It is not tried before that, whenever a message about it comes. */
  dueAt: z.number(),
  /** Tries so far. Waiting costs none, nor does being taken up again after a crash. */
  tries: z.int(),
  /** The try under way: the run that it belongs to, and until when nobody else may take it up. */
  claim: z.object({ runId: z.string(), until: z.number() }).nullable(),
  /** When its tries were used up; it then waits among the dead letters. */
  deadAt: z.number().nullable(),
});

const failureSchema = z.object({
  source: z.string(),
  target: z.string(),
  date: z.string(),
  /** `index` where the index of the day itself failed. */
  item: z.string(),
  url: z.string(),
  state: z.enum(['open', 'recovered', 'dismissed']),
  code: z.enum(OUTCOME_CODES),
  message: z.string().nullable(),
  /** Runs that ended with this item failed. */
  runs: z.int(),
  attempts: z.int(),
  capture: z.string().nullable(),
  firstRunId: z.string(),
  lastRunId: z.string(),
  /** Milliseconds. */
  openedAt: z.number(),
  lastFailedAt: z.number(),
  closedAt: z.number().nullable(),
  closedBy: z.string().nullable(),
  /** Absent where nothing tries it again: its outcome does not heal by itself. */
  retry: retrySchema.optional(),
});

/** An item that used up its attempts in a run. One failure per item, however many runs hit it. */
export type Failure = z.infer<typeof failureSchema>;

export interface FailedItem {
  readonly item: string;
  readonly url: string;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly capture: string | null;
}

const partitionKey = (source: string) => `failures#${source}`;
const sortKey = (partition: Partition, item: string) => `${partition.target}#${partition.date}#${item}`;

/** The failures of a state store. */
export class FailureRegister {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Opens the failure of an item, or adds this run to the one that is there. Saying it twice changes nothing. */
  async open(
    source: string,
    partition: Partition,
    failed: FailedItem,
    runId: string,
    at: number,
  ): Promise<void> {
    await this.change(source, partition, failed.item, (before) => {
      if (before && before.lastRunId >= runId) return undefined;
      const again = before?.state === 'open' ? before : undefined;
      return {
        source,
        target: partition.target,
        date: partition.date,
        item: failed.item,
        url: failed.url,
        state: 'open',
        code: failed.outcome.code,
        message: failed.outcome.message ?? null,
        runs: (again?.runs ?? 0) + 1,
        attempts: (again?.attempts ?? 0) + failed.attempts,
        capture: failed.capture,
        firstRunId: again?.firstRunId ?? runId,
        lastRunId: runId,
        openedAt: again?.openedAt ?? at,
        lastFailedAt: at,
        closedAt: null,
        closedBy: null,
        ...(again?.retry && { retry: again.retry }),
      };
    });
  }

  /** Closes every open failure of the partition for which `recovered` holds. */
  async recover(
    source: string,
    partition: Partition,
    recovered: (item: string) => boolean,
    by: { readonly runId: string; readonly at: number },
  ): Promise<number> {
    let count = 0;
    for await (const failure of this.list(source, partition)) {
      if (failure.state !== 'open' || failure.lastRunId > by.runId || !recovered(failure.item)) continue;
      await this.change(source, partition, failure.item, (before) => {
        if (before?.state !== 'open' || before.lastRunId > by.runId) return undefined;
        const { retry: _, ...rest } = before;
        return { ...rest, state: 'recovered', closedAt: by.at, closedBy: by.runId };
      });
      count++;
    }
    return count;
  }

  async *list(source: string, partition?: Partition): AsyncGenerator<Failure> {
    const options = partition ? { prefix: `${partition.target}#${partition.date}#` } : {};
    for await (const document of this.#state.query(partitionKey(source), options))
      yield failureSchema.parse(document.value);
  }

  async get(source: string, partition: Partition, item: string): Promise<Failure | undefined> {
    const document = await this.#state.get(partitionKey(source), sortKey(partition, item));
    return document && failureSchema.parse(document.value);
  }

  /** Changes one failure by optimistic locking: `change` may run more than once, and undefined leaves it as it is. */
  async change(
    source: string,
    partition: Partition,
    item: string,
    change: (before: Failure | undefined) => Failure | undefined,
  ): Promise<void> {
    for (;;) {
      const document = await this.#state.get(partitionKey(source), sortKey(partition, item));
      const next = change(document && failureSchema.parse(document.value));
      if (!next) return;
      const write = {
        kind: 'put' as const,
        partition: partitionKey(source),
        sort: sortKey(partition, item),
        value: next,
        expect: document?.revision ?? ('absent' as const),
      };
      if ((await this.#state.write([write])) === 'written') return;
    }
  }
}
