import type { StateStore } from '../ports/state-store.ts';
import { entityKindOf } from '../source/derived.ts';
import { byValue } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';
import { targetsOf } from '../targets/register.ts';
import { feedingSources } from './feeding-sources.ts';

/**
 * The targets of a source. Of a table of entities: the feeds that something was published of, or is to be,
 * and those of the scraped sources that feed it. `states`: of a table of pages, those that a scan saw.
 */
export async function knownTargets(
  state: StateStore,
  source: Source,
  sources: readonly Source[],
  states: readonly string[] = [],
): Promise<readonly Target[]> {
  const known = await targetsOf(state, source);
  const kind = entityKindOf(source);
  if (kind === undefined && states.length === 0) return known;
  const feeds = new Map(known.map((target) => [target.id, target]));
  const found = [...states];
  if (kind !== undefined) {
    // Most sources have nothing that is enriched, and need none of its modules.
    const { changedFeeds } = await import('../enrich/entity-changes.ts');
    found.push(...(await Array.fromAsync(changedFeeds(state, kind))));
    for (const feeding of feedingSources(kind, sources))
      found.push(...byValue(feeding, await targetsOf(state, feeding)).keys());
  }
  for (const id of found) if (!feeds.has(id)) feeds.set(id, { id, attributes: {} });
  return [...feeds.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
