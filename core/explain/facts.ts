import type { Step } from '../advice/step.ts';
import type { CivilDate } from '../calendar/civil-date.ts';
import type { PartitionJudgement } from '../completeness/date-status.ts';
import type { TargetOfDay } from '../completeness/target-days.ts';
import type { Failure } from '../failures/failure.ts';
import type { Mend } from '../lake/damage.ts';
import type { AttemptRow, CommitRow } from '../lake/log-tables.ts';
import type { VersionItem, WithdrawnItem } from '../lake/version.ts';
import type { Partition } from '../source/source.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import type { TargetFlag } from '../targets/target.ts';
import type { WhyEntities } from './entity-facts.ts';
import type { WhyPages } from './page-facts.ts';

/** One causal answer: why the partition, or the item, is as it is. */
export interface Answer {
  /** One sentence. */
  readonly answer: string;
  /** What a person can do about it, in this order; nothing where all is well. */
  readonly next: readonly Step[];
}

/** The newest run that was to refresh the partition. */
export interface WhyRun {
  readonly runId: string;
  readonly start: string;
  readonly end: string;
  readonly status: 'running' | 'succeeded' | 'incomplete' | 'failed' | 'abandoned';
  /** Milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly message: string | null;
  /** Whether its work list names the partition; `unknown` where the list was never written or has expired. */
  readonly planned: 'yes' | 'left-out' | 'unknown';
}

/** What a reader of the table sees now. */
export type WhyCurrent =
  | { readonly kind: 'none' }
  /** There is a manifest, and it or what it names cannot be read. `message`: what is wrong, in one line. */
  | { readonly kind: 'damaged'; readonly message: string; readonly mends: readonly Mend[] }
  | {
      readonly kind: 'version';
      readonly version: string;
      readonly rows: number;
      readonly items: number;
      /** ISO 8601. */
      readonly committedAt: string;
      /** Run or command that made it current. */
      readonly committedBy: string;
      /** How the item in question stands in it, where it is in it. */
      readonly item: VersionItem | null;
      /** That it went, where the index took it away. */
      readonly withdrawn?: WithdrawnItem;
    };

/** All that is on record about one partition, or about one item of it. */
export interface WhyFacts {
  readonly source: string;
  readonly partition: Partition;
  /** `index` for the index of the day; null where the question is about the whole partition. */
  readonly item: string | null;
  /** The date in the source's time zone. */
  readonly today: CivilDate;
  /** Milliseconds. */
  readonly now: number;
  readonly skip: TargetFlag | null;
  readonly run: WhyRun | null;
  /**
   * Oldest first. Of a partition: those of the last run that tried anything and of the retries since. Of an
   * item: those of its last runs and retries.
   */
  readonly attempts: readonly AttemptRow[];
  /** Which of the runs of `attempts` were retries of failed items. */
  readonly retries: readonly string[];
  /**
   * Of a partition: all that are unresolved, then those that were closed last. Of an item: its own, whatever
   * its state.
   */
  readonly failures: readonly Failure[];
  /** What was decided about the partition, newest first. */
  readonly commits: readonly CommitRow[];
  readonly lastRefresh: PartitionRecord | null;
  /** What completeness says of the partition; null where it does not know its value. */
  readonly completeness: Pick<PartitionJudgement, 'status' | 'reason'> | null;
  readonly current: WhyCurrent;
  /**
   * Where each target has its own time: how those of the partition stood on the date, of an item its own;
   * null where the source is scraped by date.
   */
  readonly targets: readonly TargetOfDay[] | null;
  /** Of a table of entities; null for a source that is scraped. */
  readonly entities: WhyEntities | null;
  /** Of a table of pages that a model reads; null for any other. */
  readonly pages: WhyPages | null;
}
