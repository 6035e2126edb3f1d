import type { CompletenessReport } from '../../core/completeness/completeness.ts';
import type { Batch } from '../../core/extract/batch.ts';
import type { LoggedFailure } from '../../core/extract/failure-log.ts';
import type { RunEnd } from '../../core/extract/run-extraction.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { ImportResult } from '../../core/targets/target-import.ts';
import type { LocalPlatform } from '../../runtime/local.ts';
import type { RunEnd as CrawlEnd } from '../../runtime/run-end.ts';
import type { PageStatus } from '../page-status.ts';
import type { Progress } from '../progress.ts';
import type { EnrichedDemo } from './enriched.ts';
import type { MenuChanges } from './menu-changes.ts';
import type { ValueCounts } from './value-counts.ts';

/** Where and how a demo is played. */
export interface DemoStage {
  /** Of the lake and the state. */
  readonly directory: string;
  readonly clock: Clock;
  /** The same number is the same site. */
  readonly seed: number;
  /** False is a site without faults. */
  readonly hasFaults: boolean;
  readonly progress: Progress;
}

/** What a demo left, for the summary after all of them. */
export type DemoEnd = CrawledEnd | ExtractedEnd;

export interface CrawledEnd {
  readonly kind: 'crawled';
  readonly source: string;
  /** Null where the targets are in the code. */
  readonly imported: ImportResult | null;
  /** Its crawls, in their order. */
  readonly runs: readonly CrawlEnd[];
  readonly counts: readonly ValueCounts[];
  /** Between its two crawls, by value; null where there was one. */
  readonly changes: ReadonlyMap<string, MenuChanges> | null;
  readonly completeness: CompletenessReport;
  /** What came of its records; absent where they are not enriched. */
  readonly enriched?: EnrichedDemo;
  /** Closed: it only tells where things are. */
  readonly platform: LocalPlatform;
}

export interface ExtractedEnd {
  readonly kind: 'extracted';
  /** Name of the extraction. */
  readonly source: string;
  readonly directory: string;
  /** Its directory. */
  readonly library: string;
  readonly run: RunEnd;
  /** All that there are, oldest first; those of earlier runs too. */
  readonly batches: readonly Batch[];
  readonly failures: readonly LoggedFailure[];
  /** Every labelled page in book order. */
  readonly pages: readonly PageStatus[];
  readonly maxRetries: number;
  /** What is otherwise than it must be, one line each. */
  readonly mismatches: readonly string[];
}

/** A site that is ours and what is to be seen when a source scrapes it. */
export interface Demo<End extends DemoEnd = DemoEnd> {
  readonly name: string;
  /** What is about to happen, in a line. */
  readonly about: string;
  play(stage: DemoStage): Promise<End>;
}
