import * as z from 'zod';
import type { CivilDate } from '../calendar/civil-date.ts';
import type { StateStore, StateWrite } from '../ports/state-store.ts';

const count = z.number().int().nonnegative();

/** Counted in the transaction that does what is counted. */
const countsSchema = z.object({
  /** Messages taken in; one that comes again is counted again. */
  processed: count,
  /** Those whose record was valid, and those whose was not. */
  enriched: count,
  failed: count,
  /** Entities that were made, and that were replaced. */
  inserted: count,
  updated: count,
  /** Records that changed nothing, because the same is stored, or a newer one. */
  unchanged: count,
  older: count,
  /** Valid records that were not stored, because what they refer to is not there. */
  persist_failed: count,
  /** Records parked, each once however long it waits. */
  parked: count,
  /** Dead letters written. */
  dead: count,
  batches: count,
});
export type EnrichmentCounts = Readonly<z.infer<typeof countsSchema>>;

export const NO_COUNTS: EnrichmentCounts = Object.freeze({
  processed: 0,
  enriched: 0,
  failed: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  older: 0,
  persist_failed: 0,
  parked: 0,
  dead: 0,
  batches: 0,
});

export function addCounts(a: EnrichmentCounts, b: Partial<EnrichmentCounts>): EnrichmentCounts {
  const sum = { ...a };
  for (const [name, more] of Object.entries(b)) sum[name as keyof EnrichmentCounts] += more ?? 0;
  return sum;
}

/** What was counted of a kind on a day of UTC. */
export interface DayCounts {
  readonly day: CivilDate;
  readonly kind: string;
  readonly counts: EnrichmentCounts;
}

/** Documents that a day and a kind are counted in: workers side by side do not wait for each other. */
const SHARDS = 16;

/** By day and kind, ascending, the shards summed; `from` and `to`: days, inclusive. */
export async function readCounts(
  state: StateStore,
  { from, to }: { readonly from?: CivilDate; readonly to?: CivilDate } = {},
): Promise<DayCounts[]> {
  const days = new Map<string, DayCounts>();
  const query = { ...(from !== undefined && { from }), ...(to !== undefined && { to: `${to}$` }) };
  for await (const { sort, value } of state.query(STATS, query)) {
    const [day = '', kind = ''] = sort.split('#');
    const name = `${day}#${kind}`;
    const before = days.get(name)?.counts ?? NO_COUNTS;
    days.set(name, { day: day as CivilDate, kind, counts: addCounts(before, countsSchema.parse(value)) });
  }
  return [...days.values()];
}

const STATS = 'enrichment-stats';

interface KnownCounts {
  readonly counts: EnrichmentCounts;
  readonly revision: number;
}

/**
 * Counts in one shard, within transactions of others. It remembers what it wrote last, so that a worker alone
 * reads its counts once.
 */
export class CountsOfShard {
  readonly #state: StateStore;
  readonly #shard: string;
  readonly #known = new Map<string, KnownCounts>();

  /** `id`: a UUIDv7; its last digit says which shard, and `nth` which one after that. */
  constructor(state: StateStore, id: string, nth = 0) {
    this.#state = state;
    const first = Number.parseInt(id.slice(-1), SHARDS);
    const shard = ((Number.isNaN(first) ? 0 : first) + nth) % SHARDS;
    this.#shard = String(shard).padStart(2, '0');
  }

  /** The counts of a batch that begins. */
  newBatch(): BatchCounts {
    return new BatchCounts(this);
  }

  /** Counts beside batches. */
  outsideBatches(): BatchCounts {
    return new BatchCounts(this, false);
  }

  async writes(counts: ReadonlyMap<string, Partial<EnrichmentCounts>>, now: number): Promise<StateWrite[]> {
    const day = new Date(now).toISOString().slice(0, 10);
    const writes: StateWrite[] = [];
    for (const [kind, more] of counts) {
      const sort = `${day}#${kind}#${this.#shard}`;
      const before = this.#known.get(sort) ?? (await this.#read(sort));
      const value = addCounts(before?.counts ?? NO_COUNTS, more);
      writes.push({ kind: 'put', partition: STATS, sort, value, expect: before?.revision ?? 'absent' });
    }
    return writes;
  }

  /** These writes are done. */
  written(writes: readonly StateWrite[]): void {
    for (const write of writes) {
      if (write.kind !== 'put' || write.partition !== STATS) continue;
      const revision = typeof write.expect === 'number' ? write.expect + 1 : 1;
      this.#known.set(write.sort, { counts: write.value as EnrichmentCounts, revision });
    }
  }

  /** What is remembered may not be so any more. */
  forget(): void {
    this.#known.clear();
  }

  async #read(sort: string): Promise<KnownCounts | undefined> {
    const document = await this.#state.get(STATS, sort);
    return document && { counts: countsSchema.parse(document.value), revision: document.revision };
  }
}

/**
 * Counts of one batch: `writes` within a transaction, then `written`, or `forget` where it met a conflict.
 * The batch itself is counted in the first transaction that is written.
 */
export class BatchCounts {
  readonly #shard: CountsOfShard;
  #isCounted: boolean;

  /** `isBatch`: false for what is counted beside batches. */
  constructor(shard: CountsOfShard, isBatch = true) {
    this.#shard = shard;
    this.#isCounted = !isBatch;
  }

  /** One write for each kind. `now`: milliseconds. */
  writes(counts: ReadonlyMap<string, Partial<EnrichmentCounts>>, now: number): Promise<StateWrite[]> {
    const [first] = counts;
    if (this.#isCounted || !first) return this.#shard.writes(counts, now);
    const [kind, more] = first;
    return this.#shard.writes(new Map([...counts, [kind, { ...more, batches: 1 }]]), now);
  }

  written(writes: readonly StateWrite[]): void {
    this.#isCounted = true;
    this.#shard.written(writes);
  }

  forget(): void {
    this.#shard.forget();
  }
}
