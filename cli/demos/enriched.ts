import {
  addCounts,
  type EnrichmentCounts,
  NO_COUNTS,
  readCounts,
} from '../../core/enrich/enrichment-stats.ts';
import type { LocalPlatform } from '../../runtime/local.ts';

/** What became of the records of one kind. */
export interface KindCounts extends EnrichmentCounts {
  readonly kind: string;
  /** In the rows of the source, over the dates of the demo. */
  readonly scraped: number;
  /** In the table of its entities, over the same dates. */
  readonly rows: number;
}

/** What came of the records of a demo, and what of it is otherwise than it should be. */
export interface EnrichedDemo {
  readonly kinds: readonly KindCounts[];
  /** How much was held against what should be there. */
  readonly verified: { readonly rows: number; readonly parked: number; readonly dead: number };
  /** One line each; none where all is as it should be. */
  readonly wrong: readonly string[];
}

/** What all workers counted until now, by kind. */
export async function countsByKind(
  platform: Pick<LocalPlatform, 'state' | 'enrichers'>,
): Promise<ReadonlyMap<string, EnrichmentCounts>> {
  const sums = new Map(platform.enrichers.map(({ kind }) => [kind, NO_COUNTS]));
  for (const { kind, counts } of await readCounts(platform.state))
    sums.set(kind, addCounts(sums.get(kind) ?? NO_COUNTS, counts));
  return sums;
}

/** What was counted since. */
export function countsSince(after: EnrichmentCounts, before: EnrichmentCounts): EnrichmentCounts {
  const negative = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, -count]));
  return addCounts(after, negative);
}
