import * as z from 'zod';
import { type CivilDate, civilDate, civilDateSchema } from '../calendar/civil-date.ts';
import { repeatedText } from '../lake/item-counts.ts';
import type { RepeatedRows, WithdrawnItem } from '../lake/version.ts';
import type { Json, StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import { withPartitionValue } from '../source/partition.ts';
import type { Partition } from '../source/source.ts';
import { Collection, type Place } from './collection.ts';

const recordSchema = lazily(() =>
  z.object({
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
     * One more than that of the record which was there when it was decided. Of two answers the higher counts,
     * and the later `at` only where neither knew of the other: a clock may have run ahead.
     */
    order: z.int().default(0),
    /**
     * Sequence of the newest run when it was last refreshed, or decided by a person: none of the runs until
     * then is due.
     */
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
    /**
     * Items that the index took away with their rows and that have not come back; `ids` are the first
     * of them.
     */
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
    /** Why that was held back, also where a refresh after it failed for a reason of its own. */
    heldReason: z.string().nullable().default(null),
    reason: z.string().nullable(),
    /** The catalog was told of it. False in records of before that was kept: it is told once more. */
    inCatalog: z.boolean().default(false),
    /**
     * Revision of the mark of its failures (`FailureStore`) when none of them was unresolved: as long as
     * it is that one, there is none to recover. Null where nobody knows.
     */
    failuresMark: z.int().nullable().default(null),
  }),
);

const versionSchema = lazily(() => recordSchema().pick({ version: true }));

const anyRecordSchema = lazily(() => withPartitionValue(recordSchema()));

/**
 * How a partition stands: the counts of its last refresh. Answers completeness without opening a single data
 * file.
 */
export type PartitionRecord = z.infer<ReturnType<typeof recordSchema>>;
/** What older records did not keep may be left out. */
type NewRecord = Omit<
  z.input<ReturnType<typeof recordSchema>>,
  'value' | 'date' | 'freshAt' | 'order' | 'settledRun' | 'heldReason' | 'inCatalog' | 'failuresMark'
> & {
  readonly order: number;
  readonly settledRun: number;
  /** What it adds to what is known; left out, the record keeps what it has. */
  readonly inCatalog?: boolean;
  readonly failuresMark?: number | null;
};

interface RecordOptions {
  readonly along?: readonly StateWrite[];
  readonly asRead?: { readonly document: StateDocument | undefined };
}

/** Names that a record carries: a document of the state store is small. */
const MAX_NAMES = 20;

/** What a version says of its list, for the record of its partition. */
export function listingCounts(
  withdrawn: readonly WithdrawnItem[],
  repeated: readonly RepeatedRows[],
): Pick<PartitionRecord, 'withdrawn' | 'repeated'> {
  return {
    withdrawn: { count: withdrawn.length, ids: withdrawn.slice(0, MAX_NAMES).map(({ id }) => id) },
    repeated: repeated.slice(0, MAX_NAMES).map(repeatedText),
  };
}

/** Before items without a result were told apart, those whose page is empty counted as expected. */
function readRecord(value: Json): PartitionRecord {
  const record = anyRecordSchema().parse(value);
  const isOld = (value as { pending?: unknown }).pending === undefined;
  if (!isOld || record.expected === null) return record;
  return { ...record, expected: record.expected - record.empty };
}

const partitionKey = (table: string) => `partitions#${table}`;

/** Where the record of a partition is, for those who read more in one request. */
export function recordPlace(table: string, { value, date }: Partition): Place {
  return { partition: partitionKey(table), sort: `${value}#${date}` };
}

/** The record in that document; undefined where there is none. */
export function recordOf(document: StateDocument | undefined): PartitionRecord | undefined {
  return document && readRecord(document.value);
}

/** The status of each partition; derived from manifests and commits, which remain the truth. */
export class PartitionStore {
  readonly #state: StateStore;
  readonly #partitions: Collection<PartitionRecord>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#partitions = new Collection(state, readRecord);
  }

  get(table: string, partition: Partition): Promise<PartitionRecord | undefined> {
    return this.#partitions.get(recordPlace(table, partition));
  }

  /** Of a table, in the order of value and date. */
  all(table: string): AsyncGenerator<PartitionRecord> {
    return this.#partitions.list(partitionKey(table));
  }

  /** The dates of a value that have a current version, in order; nothing else of the records is read. */
  async *committed(table: string, value: string): AsyncGenerator<CivilDate> {
    const own = { prefix: `${value}#` };
    for await (const { sort, value: record } of this.#state.query(partitionKey(table), own))
      if (versionSchema().parse(record).version !== null) yield civilDate(sort.slice(own.prefix.length));
  }

  /** In date order; both dates included. */
  range(table: string, value: string, start: CivilDate, end: CivilDate): AsyncGenerator<PartitionRecord> {
    return this.#partitions.list(partitionKey(table), { from: `${value}#${start}`, to: `${value}#${end}` });
  }

  /**
   * Records a refresh or a decision, unless a later one is on record: run ids could not tell, a run that
   * began first may well publish last. `settledRun` 0 settles none. `fresh`: the site itself was asked, and
   * answered. `along`: written in the same transaction, whether it is late or not; `asRead`: the record as it
   * was read a moment ago.
   */
  async record(
    table: string,
    partition: Partition,
    { fresh, ...decided }: NewRecord & { readonly fresh: boolean },
    { along = [], asRead }: RecordOptions = {},
  ): Promise<void> {
    const change = (before: PartitionRecord | undefined) => {
      const isLate = before !== undefined && isLater(before, decided);
      const freshAt = freshest(before, isLate, fresh ? decided.at : null);
      const settledRun = Math.max(before?.settledRun ?? 0, decided.settledRun) || null;
      const inCatalog = decided.inCatalog || (before?.inCatalog ?? false);
      const failuresMark =
        decided.failuresMark === undefined ? (before?.failuresMark ?? null) : decided.failuresMark;
      const kept = { freshAt, settledRun, inCatalog, failuresMark };
      if (isLate) {
        const saysNothingNew = freshAt === before.freshAt && settledRun === before.settledRun;
        return saysNothingNew && along.length === 0 ? undefined : { ...before, ...kept };
      }
      // A refresh that failed decides nothing: what is current stays, and a held version still waits.
      const failed = decided.status === 'failed';
      const version = decided.version ?? (failed ? (before?.version ?? null) : null);
      const held = decided.held ?? (failed ? (before?.held ?? null) : null);
      const heldReason = heldReasonOf(before, decided);
      const { value, date } = partition;
      return recordSchema().parse({ ...decided, version, held, heldReason, value, date, ...kept });
    };
    const place = recordPlace(table, partition);
    await this.#partitions.updateWith(place, change, () => along, undefined, asRead);
  }
}

/** Records of before it was kept have it as the reason of a refresh that was held. */
function heldReasonOf(
  before: PartitionRecord | undefined,
  { status, reason }: Pick<PartitionRecord, 'status' | 'reason'>,
): string | null {
  if (status === 'held') return reason;
  if (status !== 'failed' || !before?.held) return null;
  return before.heldReason ?? (before.status === 'held' ? before.reason : null);
}

type Decided = Pick<PartitionRecord, 'order' | 'at'>;

function isLater(before: Decided, decided: Decided): boolean {
  return before.order === decided.order ? before.at > decided.at : before.order > decided.order;
}

/**
 * What comes in order replaces a time that a clock wrote which ran ahead; what comes late only adds to it.
 */
function freshest(before: PartitionRecord | undefined, isLate: boolean, at: number | null): number | null {
  const known = before?.freshAt ?? null;
  if (at === null) return known;
  return isLate && known !== null ? Math.max(at, known) : at;
}
