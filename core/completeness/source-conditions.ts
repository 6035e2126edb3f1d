import { entityKindOf, extractionOf, isScraped } from '../source/derived.ts';
import type { Source } from '../source/source.ts';

/** The condition for tables of entities. */
export function ofEntities(sources: readonly Source[]): string {
  return ofThose(sources, (source) => entityKindOf(source) !== undefined);
}

/** The condition for tables for which nothing is scraped. */
export function ofDerived(sources: readonly Source[]): string {
  return ofThose(sources, (source) => !isScraped(source));
}

/** The condition for tables of pages that a model read. */
export function ofExtractions(sources: readonly Source[]): string {
  return ofThose(sources, (source) => extractionOf(source) !== undefined);
}

/** The condition for sources whose targets are crawled one by one. */
export function ofEvery(sources: readonly Source[]): string {
  return ofThose(sources, ({ cadence }) => cadence.kind === 'every');
}

function ofThose(sources: readonly Source[], isOne: (source: Source) => boolean): string {
  const names = sources.filter(isOne).map(({ name }) => text(name));
  return names.length === 0 ? '1 = 0' : `source IN (${names.join(', ')})`;
}

/** A literal of SQL. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
