import type { Enricher } from '../core/enrich/enricher.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import type { ListedSource } from '../core/source/sources-together.ts';
import { loadSources, SOURCE_NAMES } from './list.ts';

/** What the lists of this folder hold. */
export interface Listed {
  readonly sources: readonly ListedSource[];
  readonly enrichers: readonly Enricher[];
  readonly extractions: readonly Extraction[];
}

/** All of it. */
export async function loadListed(): Promise<Listed> {
  const [sources, { ENRICHERS }, { EXTRACTIONS }] = await Promise.all([
    loadSources(),
    import('./enrichers.ts'),
    import('./extractions.ts'),
  ]);
  return { sources, enrichers: ENRICHERS, extractions: EXTRACTIONS };
}

/** The sources alone, where nothing is done about what is enriched or extracted. */
export async function loadScraped(): Promise<Listed> {
  return { sources: await loadSources(), enrichers: [], extractions: [] };
}

/**
 * As much of it as a run of these sources has a use for; undefined where that is all of it, or where one of
 * the names is no source's.
 */
export async function loadForRun(names: readonly string[]): Promise<Listed | undefined> {
  if (names.length === 0 || !names.every((name) => SOURCE_NAMES.includes(name))) return undefined;
  const sources = await loadSources(names);
  const isEnriched = sources.some(
    (source) => names.includes(source.name) && 'enrich' in source && source.enrich,
  );
  return isEnriched ? undefined : { sources, enrichers: [], extractions: [] };
}

/**
 * The sources of the list as far as the first whose table is one of these names, in lower case; undefined
 * where it is none's.
 */
export async function loadForTable(names: ReadonlySet<string>): Promise<Listed | undefined> {
  for (const name of SOURCE_NAMES) {
    const sources = await loadSources([name]);
    if (sources.some((source) => 'table' in source && names.has(source.table.name.toLowerCase())))
      return { sources, enrichers: [], extractions: [] };
  }
  return undefined;
}
