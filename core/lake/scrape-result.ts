import type { Outcome } from '../outcome/outcome.ts';
import type { Row } from '../schema/columns.ts';
import type { Item, Partition } from '../source/source.ts';
import type { CurrentVersion } from './manifest.ts';
import type { VersionIndex, WithoutResult } from './version.ts';

/** What a page carried that the next request can send back, and where its bytes are kept. */
export interface PageEvidence {
  /** Milliseconds; when the page was asked for. */
  readonly checkedAt: number;
  readonly capture: string | null;
  readonly etag?: string;
  readonly lastModified?: string;
  /** See `CopyAge`. */
  readonly asOf?: number;
  /** Requests that the item took, where it took several. */
  readonly pages?: number;
  /** Addresses of those of them that it is whole without and of which there is no answer to keep. */
  readonly absent?: readonly string[];
}

/** What became of one item. */
export type ItemContent =
  | {
      readonly kind: 'records';
      readonly records: readonly Row[];
      readonly evidence: PageEvidence;
      /** See `VersionItem`. */
      readonly contentHash?: string;
      /** Fingerprint of the schema by which they were read, where it is not that of the result. */
      readonly schema?: string;
    }
  | { readonly kind: 'empty'; readonly reason: string; readonly evidence: PageEvidence }
  /** 304: the page is what it was when `evidence.etag` / `lastModified` were taken. */
  | { readonly kind: 'unchanged'; readonly evidence: PageEvidence }
  | { readonly kind: 'failed'; readonly outcome: Outcome }
  /** These are its rows, and what came after them failed: they are carried over, as if from before. */
  | {
      readonly kind: 'outdated';
      readonly records: readonly Row[];
      readonly evidence: PageEvidence;
      readonly outcome: Outcome;
    }
  /** Not asked for, because the index says that there is no result; `checkedAt`: when it was read. */
  | { readonly kind: 'no-result'; readonly status: WithoutResult; readonly checkedAt: number }
  /** Never asked for: the target was flagged before that. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Nothing was looked at (a reparse without a capture): what is there stands. */
  | { readonly kind: 'unseen' };

export interface ItemResult {
  readonly item: Item;
  readonly content: ItemContent;
  /** Tries in this run. */
  readonly attempts: number;
}

/** A target that is left as it is: neither an attempt nor a failure. */
export interface LeftOut {
  readonly target: string;
  /** `CLAIMED`, `TOO_RECENT`, `SKIPPED`, `PAUSED`, or `NEXT_RUN`: the run ended before it came to it. */
  readonly reason: string;
  /** When it can be asked again; null where a person decides that. Milliseconds. */
  readonly until: number | null;
}

/** What the index of the day said. */
export type IndexResult =
  | { readonly kind: 'listed'; readonly index: VersionIndex }
  /** There is none: these targets were asked for their items, and all else of the partition stands. */
  | { readonly kind: 'targets'; readonly index: VersionIndex; readonly targets: readonly string[] }
  | { readonly kind: 'failed'; readonly outcome: Outcome }
  | { readonly kind: 'skipped'; readonly reason: string }
  /**
   * Nobody asked for it: the result is about single items, and the list that the current version holds
   * stands.
   */
  | { readonly kind: 'none' };

/** All that one run learned about one partition: the input of publish. */
export interface ScrapeResult {
  readonly runId: string;
  /**
   * `captures`: nothing was asked of the site, so the partition is no fresher than before. `derived`: read
   * from the state store, where what is not in the result is on record nowhere but in the version before.
   */
  readonly origin: 'site' | 'captures' | 'derived';
  readonly source: string;
  readonly partition: Partition;
  readonly parserVersion: number;
  /** Fingerprint of the schema of its records; left out where whoever made it publishes it at once. */
  readonly schema?: string;
  readonly index: IndexResult;
  readonly items: readonly ItemResult[];
  readonly leftOut?: readonly LeftOut[];
  readonly attempts: number;
  readonly wireBytes: number;
  /**
   * The version that was current when the site was asked, which saves publish reading it; left out where
   * there was none.
   */
  readonly over?: CurrentVersion;
}
