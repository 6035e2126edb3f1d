import type { DateRange } from '../calendar/window.ts';
import type { Failure, FailureState } from '../failures/failure.ts';
import type { FailureKey } from '../failures/failure-store.ts';
import type { Mend } from '../lake/damage.ts';
import type { LakeProblem } from '../lake/lake-problem.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import type { OutcomeCode } from '../outcome/outcome.ts';
import type { Partition } from '../source/source.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import type { TargetFlag } from '../targets/target.ts';
import type { Step } from './step.ts';

/** A partition of a source. */
export interface Place {
  readonly source: string;
  readonly partition: Partition;
}

/** What keeps runs from the target; null where nothing does. */
interface Flagged {
  readonly skip: TargetFlag | null;
}

interface DayOver {
  /** True where what was there on its date can be found no more: nothing of that date is asked for. */
  readonly isOver?: boolean;
  /** True where targets have times of their own: they are crawled by their ids, now, and not by dates. */
  readonly isEvery?: boolean;
}

/** Failures as of `now`, milliseconds. */
interface Now {
  readonly now: number;
}

/** Why a redrive of a dead letter would do nothing. */
export type Obstacle =
  /** Its failure is not dead, or no program can act upon its message; `problem` is one line. */
  | { readonly kind: 'closed' | 'unusable'; readonly problem: string }
  | {
      readonly kind: 'flagged';
      readonly source: string;
      readonly target: string;
      readonly reason: string;
    }
  | { readonly kind: 'not-retried'; readonly key: FailureKey; readonly code: OutcomeCode };

/** What became of a partition, or is known of it. */
export type PartitionSubject =
  /** No run has refreshed it: it is to be scraped. */
  | (Place & Flagged & DayOver & { readonly kind: 'unscraped' })
  /** A run that was at it was interrupted: what it fetched was never published. */
  | (Place & { readonly kind: 'interrupted' })
  /** A run that covers it has not ended. */
  | (DayOver & { readonly kind: 'under-way' })
  /** A version of it waits for a decision. */
  | (Place & { readonly kind: 'held' })
  /** The index took away items that had rows. */
  | (Place & { readonly kind: 'withdrawn' })
  /** Rows are there under two items. */
  | { readonly kind: 'repeated' }
  /** A run refreshed it, or tried to. `attempts`: the last ones, oldest first. */
  | (Place &
      Flagged &
      DayOver &
      Now & {
        readonly kind: 'refreshed';
        /** Null where the question is about the whole partition. */
        readonly item: string | null;
        readonly lastRefresh: Pick<PartitionRecord, 'failed' | 'status' | 'withdrawn' | 'repeated'>;
        readonly failures: readonly Failure[];
        readonly attempts: readonly Pick<AttemptRow, 'item_id' | 'error_code' | 'error_message' | 'target'>[];
      })
  /** A run could not refresh it, or items of it failed: what its report says. */
  | (Place & { readonly kind: 'not-refreshed' | 'lacks-items' })
  /** Its whole story is wanted. */
  | (Place & { readonly kind: 'story' });

/** What stands in the way of a decision about a partition. */
export type DecisionSubject =
  | (Place & { readonly kind: 'no-such-version' | 'nothing-held' })
  /** The version that was chosen cannot be read. `other`: a version that can. */
  | (Place & { readonly kind: 'damaged-version'; readonly other: string | undefined })
  /** The partition has changed since this version was held. */
  | (Place & { readonly kind: 'superseded'; readonly held: string });

/** Items that failed, by item or by run. */
export type FailureSubject =
  /** One failure, in detail. */
  | (Flagged & DayOver & Now & { readonly kind: 'failure'; readonly failure: Failure })
  /** Those of a partition, or of the one `item` that is asked about. */
  | (Place &
      Flagged &
      DayOver &
      Now & {
        readonly kind: 'failures';
        readonly item: string | null;
        readonly failures: readonly Failure[];
      })
  | {
      readonly kind: 'dead-letter';
      /** The name of its item, or the id of its message. */
      readonly id: string;
      readonly obstacle: Obstacle | null;
    }
  /** What a run left behind. `worker`: who works the queue where this is read. */
  | {
      readonly kind: 'failed-items';
      readonly runId: string;
      readonly source: string;
      readonly dates: { readonly start: string; readonly end: string };
      readonly states: Readonly<Partial<Record<FailureState, number>>>;
      /** Targets with a flag. */
      readonly flagged: readonly string[];
      readonly worker: 'stack' | 'local' | 'unknown';
    };

/** How an item ended, and whose it is. */
export interface ItemOutcome {
  readonly code: OutcomeCode;
  readonly message: string | null;
  readonly target?: string;
}

/** How items ended; without a place in words only. */
export type OutcomeSubject = {
  readonly kind: 'outcomes';
  readonly outcomes: readonly ItemOutcome[];
  readonly place: (Place & Flagged & DayOver) | null;
};

export type LakeSubject =
  | (Place & { readonly kind: 'damage'; readonly mends: readonly Mend[] })
  /** Rows that today's schema cannot hold, of items that were not read. */
  | (Place & { readonly kind: 'unread-rows'; readonly isScraped: boolean })
  /** A source that writes another table, or other partitions of it, from now on. */
  | { readonly kind: 'moved-table'; readonly source: string; readonly isScraped: boolean }
  /** What a check of the lake found; damage has its own advice. Null: an object of no partition. */
  | { readonly kind: 'lake-problem'; readonly code: LakeProblem; readonly place: Place | null };

export type TargetSubject =
  | { readonly kind: 'flagged-target'; readonly source: string; readonly target: string }
  /** Dates of a target that runs left undone behind its flag. */
  | {
      readonly kind: 'undone';
      readonly source: string;
      readonly target: string;
      readonly dates: DateRange;
    }
  /** Targets lack something that their source can look up. */
  | { readonly kind: 'lacking'; readonly source: string }
  /** Nobody but a person knows what a target lacks. */
  | { readonly kind: 'unknown-target'; readonly source: string; readonly target: string };

/** Records that are enriched, each named `kind/key`. */
export type RecordSubject =
  /** It waits for records that are not there. */
  | {
      readonly kind: 'parked';
      readonly name: string;
      readonly missing: readonly { readonly kind: string; readonly key: string }[];
    }
  | { readonly kind: 'not-parked' | 'not-stored'; readonly name: string }
  /** Its message is a dead letter. */
  | {
      readonly kind: 'dead-record';
      /** Of the dead letter. */
      readonly id: string;
      readonly recordKind: string;
      /** `undelivered`: its deliveries were used up. */
      readonly reason: 'poison' | 'invalid' | 'expired' | 'undelivered';
      /** False where only the beginning of its message is kept. */
      readonly isWhole: boolean;
    };

/** Pages and batches of an extraction; a page is named `state:school:year:page`. */
export type ExtractSubject =
  /** Its tries are used up. `code`: how the last one failed; null where one looks at that already. */
  | { readonly kind: 'exhausted-page'; readonly page: string; readonly code: string | null }
  /** It failed, and has tries left. */
  | { readonly kind: 'failed-page' }
  /** A run ended, and not every page has a result; or pages wait until there are enough for a job. */
  | { readonly kind: 'unread-pages' | 'held-pages' }
  /** Partitions of their tables could not become what their results say. */
  | { readonly kind: 'unpublished-pages' }
  /** The provider takes nothing that it is sent. */
  | { readonly kind: 'refused-by-provider' }
  /** Its job succeeded, and there is nothing to read. */
  | { readonly kind: 'batch-without-results'; readonly id: string }
  /** It has been active for longer than a job takes. */
  | { readonly kind: 'stuck-batch'; readonly id: string; readonly hasJob: boolean }
  | { readonly kind: 'unknown-batch' }
  /** No label is of the books that are asked for. */
  | { readonly kind: 'no-such-pages' };

/** How a command ended, or what it found. */
export type CommandSubject =
  | {
      readonly kind: 'ended';
      readonly as:
        | 'bad-setting'
        | 'failed-items'
        | 'unknown-run'
        | 'damaged-lake'
        | 'no-decision'
        | 'bad-query'
        | 'incomplete-dates'
        | 'walls'
        | 'dead-letters'
        | 'unknown-dead-letter'
        | 'dismissed-dead-letters'
        | 'redriven'
        | 'records-queued'
        | 'worker-of-a-stack'
        | 'look-up-of-a-stack'
        | 'table-of-entities'
        | 'table-of-pages'
        | 'parked-or-dead'
        | 'not-enriched'
        | 'not-published'
        | 'pages-exhausted'
        | 'pages-without-image'
        | 'pages-waiting'
        | 'pages-unpublished'
        | 'pages-unseen';
    }
  | { readonly kind: 'incomplete-run'; readonly source: string }
  | { readonly kind: 'failed-run'; readonly runId: string }
  /**
   * Its table is not as current versions were written.
   * `isOlder`: some of the table is of a newer program, over which this one commits nothing. `dates`: the
   * first and the last that are to be read again; null where only tables in Glue differ.
   */
  | {
      readonly kind: 'schema-changed';
      readonly source: string;
      readonly isOlder: boolean;
      readonly dates: { readonly start: string; readonly end: string } | null;
    }
  /** No failure of this item, or nothing of this partition, is on record. */
  | { readonly kind: 'not-on-record'; readonly name: string }
  /** Nothing was changed; the same words with `--confirm` do it. */
  | { readonly kind: 'dry-run'; readonly words: readonly string[] };

/** Everything that a person can be looking at and ask: what do I do now? */
export type Subject =
  | PartitionSubject
  | DecisionSubject
  | FailureSubject
  | OutcomeSubject
  | LakeSubject
  | TargetSubject
  | RecordSubject
  | ExtractSubject
  | CommandSubject;

/** The advice for some kinds of subjects. */
export type Advice<S extends Subject> = {
  readonly [K in S['kind']]: (subject: S & { readonly kind: K }) => readonly Step[];
};
