import * as z from 'zod';
import type { StateStore } from '../ports/state-store.ts';
import type { Partition } from '../source/source.ts';
import { type CivilDate, civilDateSchema } from '../window/civil-date.ts';

const standingSchema = z.object({
  target: z.string(),
  date: civilDateSchema,
  /** How its last refresh ended. */
  status: z.enum(['committed', 'unchanged', 'held', 'failed', 'rolled_back', 'accepted', 'rejected']),
  /** Current version; null where nothing was ever committed. */
  version: z.string().nullable(),
  /** Run that refreshed it last. */
  runId: z.string(),
  /** Milliseconds; when that was decided. */
  at: z.number(),
  /** Milliseconds; the last refresh that ended committed or unchanged. Null where none ever did. */
  freshAt: z.number().nullable(),
  /** Items in the source's own index; null where the last refresh could not read it. */
  expected: z.int().nullable(),
  found: z.int(),
  empty: z.int(),
  carried: z.int(),
  failed: z.int(),
  rows: z.int(),
  /** Version that waits for accept or reject. */
  held: z.string().nullable(),
  reason: z.string().nullable(),
});

/** How a partition stands: the counts of its last refresh. Answers completeness without opening a single data file. */
export type PartitionStanding = z.infer<typeof standingSchema>;

const partitionKey = (table: string) => `partitions#${table}`;
const sortKey = (partition: Partition) => `${partition.target}#${partition.date}`;

/** The standings of a state store; derived from manifests and commits, which remain the truth. */
export class PartitionRegister {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(table: string, partition: Partition): Promise<PartitionStanding | undefined> {
    const document = await this.#state.get(partitionKey(table), sortKey(partition));
    return document && standingSchema.parse(document.value);
  }

  /** In date order; both dates included. */
  async *range(
    table: string,
    target: string,
    start: CivilDate,
    end: CivilDate,
  ): AsyncGenerator<PartitionStanding> {
    const bounds = { from: `${target}#${start}`, to: `${target}#${end}` };
    for await (const document of this.#state.query(partitionKey(table), bounds))
      yield standingSchema.parse(document.value);
  }

  /**
   * Records a refresh or a decision, unless a later one is on record: run ids could not tell, a run that began first may well
   * publish last. `fresh`: the site itself was asked, and answered.
   */
  async record(
    table: string,
    partition: Partition,
    {
      fresh,
      ...standing
    }: Omit<PartitionStanding, 'target' | 'date' | 'freshAt'> & { readonly fresh: boolean },
  ): Promise<void> {
    for (;;) {
      const document = await this.#state.get(partitionKey(table), sortKey(partition));
      const before = document && standingSchema.parse(document.value);
      const isLate = before !== undefined && before.at > standing.at;
      const freshAt = fresh ? Math.max(standing.at, before?.freshAt ?? 0) : (before?.freshAt ?? null);
      if (isLate && freshAt === before.freshAt) return;
      // A refresh that failed decides nothing: what is current stays, and a held version still waits.
      const failed = standing.status === 'failed';
      const version = standing.version ?? (failed ? (before?.version ?? null) : null);
      const held = standing.held ?? (failed ? (before?.held ?? null) : null);
      const write = {
        kind: 'put' as const,
        partition: partitionKey(table),
        sort: sortKey(partition),
        value: isLate
          ? { ...before, freshAt }
          : { ...standing, version, held, target: partition.target, date: partition.date, freshAt },
        expect: document?.revision ?? ('absent' as const),
      };
      if ((await this.#state.write([write])) === 'written') return;
    }
  }
}
