import type { RepeatedRows, VersionStats, WithdrawnItem } from './version.ts';

/** How a partition stands after publish. `failed` and `held` leave the version before current. */
export interface PublishResult {
  readonly status: 'committed' | 'unchanged' | 'held' | 'failed';
  /** Current version afterwards; null where there is none. */
  readonly version: string | null;
  readonly previous: string | null;
  readonly stats: VersionStats & {
    /** Items that answered 304. */
    readonly unchanged: number;
    /** False where the index of the day could not be read: then nobody knows what to expect. */
    readonly indexRead: boolean;
  };
  /**
   * Items that the index took away, of the version that is current afterwards, or of the one that is held.
   */
  readonly withdrawn: readonly WithdrawnItem[];
  /** Rows of it that several items have. */
  readonly repeated: readonly RepeatedRows[];
  /** What says that the day is empty, where it is. */
  readonly sign: string | null;
  readonly rows: number;
  readonly rowsBefore: number | null;
  readonly contentHash: string | null;
  /** True where the rows are others than before. */
  readonly changed: boolean;
  /**
   * Milliseconds; what it rests upon was current then. Of two answers about a partition the later one counts.
   */
  readonly decidedAt: number;
  /** See `PartitionRecord`: one more than that of the record that there was before this was decided. */
  readonly order: number;
  /** Version that waits for a decision, where status is held. */
  readonly held: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly wireBytes: number;
}
