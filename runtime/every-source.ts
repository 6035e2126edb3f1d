import { type ListedSource, type SourcesTogether, sourcesTogether } from '../core/source/sources-together.ts';
import { type Listed, loadListed } from '../sources/listed.ts';

/** Those of a platform that has loaded a part of them (`Platform.everySource`). */
export async function everySource(): Promise<SourcesTogether> {
  return sourcesTogether(await withDerived(await loadListed()));
}

/** The sources of the lists, with the tables behind them that are derived. */
export async function withDerived(listed: Listed): Promise<readonly ListedSource[]> {
  if (listed.enrichers.length === 0 && listed.extractions.length === 0) return listed.sources;
  const { withDerivedTables } = await import('./derived-tables.ts');
  return withDerivedTables(listed);
}
