import { withEntityTables } from '../core/enrich/entity-source.ts';
import { withExtractionTables } from '../core/extract/extraction-source.ts';
import type { ListedSource } from '../core/source/sources-together.ts';
import type { Listed } from '../sources/listed.ts';

/** The sources of the lists, with the tables behind them that are derived. */
export function withDerivedTables({ sources, enrichers, extractions }: Listed): readonly ListedSource[] {
  return withExtractionTables(withEntityTables(sources, enrichers), extractions);
}
