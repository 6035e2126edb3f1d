import type { Enricher, EntityData, Related } from './enricher.ts';
import { recordProblems } from './record-problems.ts';

/** `errors`: one line a field, `subjects.1: not text`. */
export type Enriched =
  | { readonly kind: 'enriched'; readonly record: EntityData; readonly derived: EntityData }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/**
 * Checks a record, and derives what follows from it. The record stays as it came, with the fields that its
 * schema does not name. `now`: milliseconds since the epoch.
 */
export function enrichRecord(enricher: Enricher, value: unknown, now: number, related: Related): Enriched {
  const errors = recordProblems(enricher, value);
  if (errors.length > 0) return { kind: 'invalid', errors };
  const record = value as EntityData;
  return { kind: 'enriched', record, derived: enricher.derive(record, now, related) };
}

/** What an engine has done since it was made. */
export interface EngineStats {
  readonly total_enriched: number;
  readonly total_failed: number;
  readonly by_type: Readonly<Record<string, KindStats>>;
}

export interface KindStats {
  readonly success: number;
  readonly failed: number;
  readonly enricher_stats: {
    readonly enrichments_attempted: number;
    readonly enrichments_successful: number;
    readonly enrichments_failed: number;
  };
}

/** Leads each record to the enricher of its kind, and counts how that ended. */
export class EnrichmentEngine {
  readonly #enrichers: ReadonlyMap<string, Enricher>;
  readonly #counts = new Map<string, { success: number; failed: number }>();
  #ofNoKind = 0;

  constructor(enrichers: readonly Enricher[]) {
    this.#enrichers = new Map(enrichers.map((enricher) => [enricher.kind, enricher]));
    for (const { kind } of enrichers) this.#counts.set(kind, { success: 0, failed: 0 });
  }

  enrich(kind: string, value: unknown, now: number, related: Related = {}): Enriched {
    const enricher = this.#enrichers.get(kind);
    if (!enricher) {
      this.#ofNoKind++;
      const known = [...this.#enrichers.keys()].join(', ');
      return { kind: 'invalid', errors: [`kind: there is no ${JSON.stringify(kind)}; there is: ${known}`] };
    }
    const enriched = enrichRecord(enricher, value, now, related);
    this.#counts.get(kind)![enriched.kind === 'enriched' ? 'success' : 'failed']++;
    return enriched;
  }

  stats(): EngineStats {
    const counts = [...this.#counts];
    return {
      total_enriched: counts.reduce((sum, [, { success }]) => sum + success, 0),
      total_failed: counts.reduce((sum, [, { failed }]) => sum + failed, this.#ofNoKind),
      by_type: Object.fromEntries(counts.map(([kind, count]) => [kind, kindStats(count)])),
    };
  }
}

/** Of these counts, in the names that they are published in. */
export function kindStats({ success, failed }: { success: number; failed: number }): KindStats {
  return {
    success,
    failed,
    enricher_stats: {
      enrichments_attempted: success + failed,
      enrichments_successful: success,
      enrichments_failed: failed,
    },
  };
}
