import type { BoundedMemory } from './lake/bounded-memory.ts';
import type { LeftOut } from './lake/scrape-result.ts';
import type { Platform } from './platform.ts';
import type { Item, Partition, Source } from './source/source.ts';

/** The unit of work: one partition in one run, the same for all that a stage does about it. */
export interface PartitionJob {
  readonly platform: Platform;
  readonly source: Source;
  readonly runId: string;
  readonly partition: Partition;
  /** Where there is no index: the targets that are scraped, and their items. */
  readonly crawl?: Crawl;
  /** The item whose message asked for this run: others that it asks for as well spend one of their tries. */
  readonly retryOf?: string;
  /** What is on record of the attempts, as this process wrote or read it: none of it is read again. */
  readonly recorded?: BoundedMemory<unknown>;
  /** Items that are left out because they killed the process that read them. */
  readonly fatal?: ReadonlySet<string>;
  /**
   * Set where a process died over this partition: reads a page and puts it on record while no other is read.
   */
  readonly readAlone?: <Record>(page: StartedPage, read: () => Promise<Record>) => Promise<Record>;
}

/** What some targets of a partition give, where there is no index. */
export interface Crawl {
  readonly targets: readonly string[];
  readonly items: readonly Item[];
  /** Retries of those targets that have a number of their own. */
  readonly maxRetries?: ReadonlyMap<string, number>;
  /** Targets that were to be scraped and are left as they are. */
  readonly leftOut?: readonly LeftOut[];
}

/** An attempt whose response has come. */
export interface StartedPage {
  readonly kind: 'index' | 'item';
  readonly item: Item;
  /** Of an index that takes several requests; 0 for all else. */
  readonly page: number;
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What orders it among all looks at the page (`LookClock`); milliseconds. */
  readonly lookedAt: number;
}
