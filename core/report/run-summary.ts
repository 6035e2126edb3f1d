import type { DateStatus } from '../lake/date-statuses.ts';
import type { RunRow } from '../lake/log-tables.ts';
import type { RepeatedRows, VersionStats, WithdrawnItem } from '../lake/version.ts';
import type { Partition } from '../source/source.ts';
import type { TargetsOfValue } from '../targets/target-day.ts';
import type { FailedItems } from './failed-items.ts';

/**
 * What a report is told about one partition. `committed` and `unchanged`: it is fresh; `held` and `failed`:
 * the version before, if there is one, stays current.
 */
export interface PartitionResult {
  readonly status: 'committed' | 'unchanged' | 'held' | 'failed';
  /** Current version afterwards; null where there is none. */
  readonly version: string | null;
  readonly stats: VersionStats & {
    /** Items that answered 304. */
    readonly unchanged: number;
    /** False where the index of the day could not be read: then nobody knows what to expect. */
    readonly indexRead: boolean;
  };
  /**
   * Items that the index took away, also before this run. These two are absent from the summaries of before
   * they were kept.
   */
  readonly withdrawn?: readonly WithdrawnItem[];
  /** Rows that several items have. */
  readonly repeated?: readonly RepeatedRows[];
  /** What says that the day is empty, where it is. */
  readonly sign?: string | null;
  /** Version that waits for a decision, where status is held. */
  readonly held?: string | null;
  /** Rows of the current version. */
  readonly rows: number;
  readonly rowsBefore: number | null;
  readonly reason: string | null;
}

type Listing = Pick<PartitionResult, 'withdrawn' | 'held'>;

/** Items that are withdrawn from the current version, by this run or an earlier one. */
export function withdrawnFrom({ held, withdrawn = [] }: Listing): readonly WithdrawnItem[] {
  return withdrawn.filter(({ version }) => version !== held);
}

/** Items that the held version would take away. */
export function heldWithdrawals({ held, withdrawn = [] }: Listing): readonly WithdrawnItem[] {
  return withdrawn.filter(({ version }) => version === held);
}

/** How a partition came out of a run. `broken`: its publish failed for good. */
export interface PartitionSummary<Result extends PartitionResult = PartitionResult> {
  readonly partition: Partition;
  /** `racing/gb/2026-11-17` */
  readonly name: string;
  readonly result: Result | 'broken';
  /** What completeness says of it as the run ends. Absent from the summaries of before it was kept. */
  readonly status?: DateStatus;
}

/** Whether readers of a partition that was not refreshed have data from before; undefined: nobody knows. */
export function hasDataBefore({ result, status }: Omit<PartitionSummary, 'partition'>): boolean | undefined {
  if (result !== 'broken' && result.version !== null) return true;
  // A version that cannot be read is no current one for its run, and there all the same.
  if (status !== undefined) return status !== 'missing' && status !== 'upcoming';
  return result === 'broken' ? undefined : false;
}

/** A target that the run left out. `since` is ISO 8601. */
export interface SkippedTarget {
  readonly target: string;
  readonly reason: string;
  readonly since: string;
}

/** A run in numbers: what the last table shows, what the report tells, what the runs table keeps. */
export interface RunSummary<Result extends PartitionResult = PartitionResult> {
  readonly run: RunRow;
  readonly partitions: readonly PartitionSummary<Result>[];
  readonly skipped: readonly SkippedTarget[];
  /** What is unresolved in its partitions. Absent from the summaries of before it was kept. */
  readonly failures?: FailedItems;
  /**
   * Where each target has its own time: how they stood on the date of the run, by partition value. Absent
   * where a scheduled run did not look at all of them.
   */
  readonly targets?: readonly TargetsOfValue[];
}
