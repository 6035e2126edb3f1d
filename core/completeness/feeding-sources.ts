import { isScraped } from '../source/derived.ts';
import type { Source } from '../source/source.ts';

/** The scraped sources whose records are entities of this kind. */
export function feedingSources(kind: string, sources: readonly Source[]): readonly Source[] {
  return sources.filter((source) => isScraped(source) && source.enrich?.kinds.includes(kind));
}
