import { own } from '../../core/source/html.ts';
import type { Discovery, ListedItem, ListedStatus, Partition } from '../../core/source/source.ts';
import type { RacePath } from './race-path.ts';
import { rejected } from './rejected.ts';

/** A race as an index of either markup lists it. */
export interface ListedRace {
  readonly path: RacePath;
  /** Of its meeting, a code in capitals. */
  readonly country: string;
  readonly status: ListedStatus;
}

/**
 * The races of the partition's country. A whole index with races and none there is a day without racing in
 * that country, and says so; a race of another day is HTML_CHANGED, for leaving it out would lose it without
 * a trace.
 */
export function discoverRaces(races: readonly ListedRace[], { value: target, date }: Partition): Discovery {
  const country = target.toUpperCase();
  const items = new Map<string, { readonly item: ListedItem; readonly courseId: string }>();
  for (const { path, country: held, status } of races) {
    if (held !== country) continue;
    if (path.date !== date)
      return rejected('HTML_CHANGED', `race ${path.raceId} is of ${path.date}: the index is not of ${date}`);
    const known = items.get(path.raceId);
    if (known === undefined) {
      const item: ListedItem = { id: own(path.raceId), url: own(path.path) };
      items.set(path.raceId, {
        item: status === 'ready' ? item : { ...item, status },
        courseId: path.courseId,
      });
    } else if (known.courseId !== path.courseId) {
      return rejected('PARSE_ERROR', `race ${path.raceId} is listed at two courses`);
    }
  }
  if (items.size > 0) return { kind: 'items', items: [...items.values()].map(({ item }) => item) };
  if (!races.some(({ path }) => path.date === date))
    return rejected('HTML_CHANGED', `the index is not of ${date}: it lists no race of that day`);
  return { kind: 'empty', sign: `${races.length} races are listed, none of them in ${country}` };
}
