import type { CommitRow } from '../lake/log-tables.ts';
import { writeCommit } from '../lake/partition-log.ts';
import { mergeRunLogs } from '../lake/run-log.ts';
import { statsOf, type VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import type { Partition, Source } from '../source/source.ts';
import { listingCounts, type PartitionRecord, PartitionStore } from '../state/partition-store.ts';
import { RunStore } from '../state/run-store.ts';
import { commitCounts, dayOverAt } from './record.ts';

/** What a decision about a version takes. */
export type DecidingPlatform = Pick<Platform, 'lake' | 'state' | 'clock' | 'newId'>;

export interface Decided {
  readonly decision: 'rolled_back' | 'accepted' | 'rejected';
  readonly partition: string;
  /** Current version afterwards; null where there is none. */
  readonly version: string | null;
  readonly previous: string | null;
  readonly rows: number;
}

interface DecisionRecord {
  readonly decided: Decided;
  readonly descriptor: VersionDescriptor | undefined;
  readonly lastRefresh: PartitionRecord | undefined;
  readonly rowsBefore: number | null;
  /** Who decided. */
  readonly actor: string;
}

/**
 * Puts a decision on record, in the commits table and in the record of its partition, under an id of its own
 * that sorts after every run before it.
 */
export async function recordDecision(
  platform: DecidingPlatform,
  source: Source,
  partition: Partition,
  made: DecisionRecord,
): Promise<void> {
  const { decided, descriptor, lastRefresh, rowsBefore, actor } = made;
  const id = platform.newId();
  const at = platform.clock.now();
  const store = new PartitionStore(platform.state);
  const order = ((await store.get(source.table.name, partition))?.order ?? 0) + 1;
  const stats = statsOf(descriptor?.items ?? []);
  // Whoever accepts or rejects what a run brought settles its question, and those of all runs before.
  const isSettled = decided.decision !== 'rolled_back';
  const settledRun = isSettled ? await new RunStore(platform.state).newest(source.name) : 0;
  const row: CommitRow = {
    run_id: id,
    source: source.name,
    table_name: source.table.name,
    target: partition.value,
    partition_date: partition.date,
    status: decided.decision,
    version: decided.version,
    previous_version: decided.previous,
    items_expected: stats.expected,
    ...commitCounts(stats),
    items_unchanged: 0,
    items_withdrawn: descriptor?.withdrawn.length ?? 0,
    rows: decided.rows,
    rows_before: rowsBefore,
    content_hash: descriptor?.contentHash ?? null,
    changed: decided.version !== decided.previous,
    reason: lastRefresh?.reason ?? null,
    actor,
    standing_order: order,
    recorded_at: new Date(at).toISOString(),
    items_repeated: descriptor?.repeated.length ?? 0,
    fresh: false,
    settled_run: settledRun,
    day_over_at: dayOverAt(source, partition),
  };
  await writeCommit(platform.lake, source.name, partition, row);
  const decision = { runId: id, source: source.name, partitions: [partition] };
  await mergeRunLogs(platform.lake, decision, (damage) => {
    throw damage;
  });
  await store.record(source.table.name, partition, {
    order,
    settledRun,
    status: decided.decision,
    version: decided.version,
    runId: id,
    at,
    ...stats,
    ...listingCounts(descriptor?.withdrawn ?? [], descriptor?.repeated ?? []),
    sign: descriptor?.index.sign ?? null,
    rows: decided.rows,
    held: null,
    reason: null,
    fresh: false,
  });
}
