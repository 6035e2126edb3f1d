import * as z from 'zod';
import { type CivilDate, civilDateSchema } from '../calendar/civil-date.ts';
import { repeatedText } from '../lake/item-counts.ts';
import type { RepeatedRows, WithdrawnItem } from '../lake/version.ts';
import type { StateStore } from '../ports/state-store.ts';
import { withPartitionValue } from '../source/partition.ts';
import type { Partition } from '../source/source.ts';

const recordSchema = z.object({
  value: z.string(),
  date: civilDateSchema,
  /** How its last refresh ended. */
  status: z.enum(['committed', 'unchanged', 'held', 'failed', 'rolled_back', 'accepted', 'rejected']),
  /** Current version; null where nothing was ever committed. */
  version: z.string().nullable(),
  /** Run that refreshed it last. */
  runId: z.string(),
  /** Milliseconds; when that was decided. */
  at: z.number(),
  /**
   * One more than that of the standing which was on record when it was decided. Of two answers the higher counts, and the
   * later `at` only where neither knew of the other: a clock may have run ahead.
   */
  order: z.int().default(0),
  /** Sequence of the newest run when it was last refreshed, or decided by a person: none of the runs until then is due. */
  settledRun: z.int().nullable().default(null),
  /** Milliseconds; the last refresh that ended committed or unchanged. Null where none ever did. */
  freshAt: z.number().nullable(),
  /** Items of the source's own index that can have rows; null where the last refresh could not read it. */
  expected: z.int().nullable(),
  found: z.int(),
  empty: z.int(),
  pending: z.int().default(0),
  abandoned: z.int().default(0),
  void: z.int().default(0),
  /** Items that the index took away with their rows and that have not come back; `ids` are the first of them. */
  withdrawn: z.object({ count: z.int(), ids: z.array(z.string()) }).default({ count: 0, ids: [] }),
  /** Rows that several items have; a line each. */
  repeated: z.array(z.string()).default([]),
  /** What says that the day is empty, where it is. */
  sign: z.string().nullable().default(null),
  carried: z.int(),
  failed: z.int(),
  rows: z.int(),
  /** Version that waits for accept or reject. */
  held: z.string().nullable(),
  reason: z.string().nullable(),
});

const standingSchema = withPartitionValue(recordSchema);

/** How a partition stands: the counts of its last refresh. Answers completeness without opening a single data file. */
export type PartitionRecord = z.infer<typeof recordSchema>;
/** What was not kept in the days of older standings may be left out. */
type NewStanding = Omit<
  z.input<typeof recordSchema>,
  'value' | 'date' | 'freshAt' | 'order' | 'settledRun'
> & {
  readonly order: number;
  readonly settledRun: number;
};

/** Names that a standing carries: a document of the state store is small. */
const MAX_NAMES = 20;

/** What a version says of its list, for its standing. */
export function listingStanding(
  withdrawn: readonly WithdrawnItem[],
  repeated: readonly RepeatedRows[],
): Pick<PartitionRecord, 'withdrawn' | 'repeated'> {
  return {
    withdrawn: { count: withdrawn.length, ids: withdrawn.slice(0, MAX_NAMES).map(({ id }) => id) },
    repeated: repeated.slice(0, MAX_NAMES).map(repeatedText),
  };
}

/** Before items without a result were told apart, those whose page is empty counted as expected. */
function readStanding(value: unknown): PartitionRecord {
  const standing = standingSchema.parse(value);
  const isOld = (value as { pending?: unknown }).pending === undefined;
  if (!isOld || standing.expected === null) return standing;
  return { ...standing, expected: standing.expected - standing.empty };
}

const partitionKey = (table: string) => `partitions#${table}`;
const sortKey = (partition: Partition) => `${partition.value}#${partition.date}`;

/** The standings of a state store; derived from manifests and commits, which remain the truth. */
export class PartitionStore {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(table: string, partition: Partition): Promise<PartitionRecord | undefined> {
    const document = await this.#state.get(partitionKey(table), sortKey(partition));
    return document && readStanding(document.value);
  }

  /** In date order; both dates included. */
  async *range(
    table: string,
    value: string,
    start: CivilDate,
    end: CivilDate,
  ): AsyncGenerator<PartitionRecord> {
    const bounds = { from: `${value}#${start}`, to: `${value}#${end}` };
    for await (const document of this.#state.query(partitionKey(table), bounds))
      yield readStanding(document.value);
  }

  /**
   * Records a refresh or a decision, unless a later one is on record: run ids could not tell, a run that began first may well
   * publish last. `settledRun` 0 settles none. `fresh`: the site itself was asked, and answered.
   */
  async record(
    table: string,
    partition: Partition,
    { fresh, ...standing }: NewStanding & { readonly fresh: boolean },
  ): Promise<void> {
    for (;;) {
      const document = await this.#state.get(partitionKey(table), sortKey(partition));
      const before = document && readStanding(document.value);
      const isLate = before !== undefined && isLater(before, standing);
      const freshAt = freshest(before, isLate, fresh ? standing.at : null);
      const settledRun = Math.max(before?.settledRun ?? 0, standing.settledRun) || null;
      if (isLate && freshAt === before.freshAt && settledRun === before.settledRun) return;
      // A refresh that failed decides nothing: what is current stays, and a held version still waits.
      const failed = standing.status === 'failed';
      const version = standing.version ?? (failed ? (before?.version ?? null) : null);
      const held = standing.held ?? (failed ? (before?.held ?? null) : null);
      const write = {
        kind: 'put' as const,
        partition: partitionKey(table),
        sort: sortKey(partition),
        value: isLate
          ? { ...before, freshAt, settledRun }
          : {
              ...standing,
              version,
              held,
              target: partition.value,
              date: partition.date,
              freshAt,
              settledRun,
            },
        expect: document?.revision ?? ('absent' as const),
      };
      if ((await this.#state.write([write])) === 'written') return;
    }
  }
}

type Decided = Pick<PartitionRecord, 'order' | 'at'>;

function isLater(before: Decided, standing: Decided): boolean {
  return before.order === standing.order ? before.at > standing.at : before.order > standing.order;
}

/** What comes in order replaces a time that a clock wrote which ran ahead; what comes late only adds to it. */
function freshest(before: PartitionRecord | undefined, isLate: boolean, at: number | null): number | null {
  const known = before?.freshAt ?? null;
  if (at === null) return known;
  return isLate && known !== null ? Math.max(at, known) : at;
}
