import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { WorkQueue } from '../ports/work-queue.ts';
import type { Enricher } from './enricher.ts';
import type { BatchCounts } from './enrichment-stats.ts';

/** What enrichment stands on; a `Platform` is one. */
export interface EnrichmentStores {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly enrichers: readonly Enricher[];
  /** Messages of a kind (`message.ts`). */
  enrichmentQueue(kind: string): WorkQueue;
  /** A fresh UUIDv7. */
  newId(): string;
}

/** What a batch is handled with. */
export interface BatchContext extends EnrichmentStores {
  readonly counts: BatchCounts;
}

/** Throws a RangeError for a kind that there is not. */
export function enricherOf({ enrichers }: Pick<EnrichmentStores, 'enrichers'>, kind: string): Enricher {
  const enricher = enrichers.find((candidate) => candidate.kind === kind);
  if (enricher) return enricher;
  const known = enrichers.map((candidate) => candidate.kind).join(', ');
  throw new RangeError(`there is no kind ${JSON.stringify(kind)}; there is: ${known}`);
}
