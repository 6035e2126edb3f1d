import { counted, wholeNumber } from '../wording/figures.ts';
import type { RunRow } from './log-tables.ts';
import type { RepeatedRows, VersionStats } from './version.ts';

/** Names before the rest is only counted. */
const MAX_NAMES = 10;

/** `4711, 4712 and 3 more`. `count`: how many there are, where not all of them are given. */
export function listedNames(names: readonly string[], count = names.length): string {
  const shown = names.slice(0, MAX_NAMES);
  const more = count - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

type WithoutRows = Partial<Pick<VersionStats, 'empty' | 'pending' | 'abandoned' | 'void'>>;

/** Items that rightly have no rows, now or ever: their page says so, or the index does. */
export function withoutResult({ empty = 0, abandoned = 0, void: voids = 0 }: WithoutRows): number {
  return empty + abandoned + voids;
}

/** What stands beside the items that are expected: `2 pending, 1 abandoned`; empty where nothing does. */
export function besideText({ empty = 0, pending = 0, abandoned = 0, void: voids = 0 }: WithoutRows): string {
  const counts = [
    [pending, 'pending'],
    [abandoned, 'abandoned'],
    [voids, 'void'],
    [empty, 'empty'],
  ] as const;
  return counts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ');
}

/** `2 items with rows withdrawn by the index (4711, 4712)`. */
export function withdrawnText(ids: readonly string[], count = ids.length): string {
  const what = `${counted(count, 'item')} with rows withdrawn by the index`;
  return `${what} (${listedNames(ids, count)})`;
}

/** `items 4711 and 4712 have 6 rows in common, the first with off 13:10, horse_id 7`. */
export function repeatedText({ items, rows, example }: RepeatedRows): string {
  return `items ${items.join(' and ')} have ${counted(rows, 'row')} in common, the first with ${example}`;
}

/**
 * What a run saw beside the items that it expected: `3 pending`, …; nothing of runs of before that was kept.
 */
export function besideRun({ items_pending, items_without_result, items_withdrawn }: RunRow): string[] {
  const parts = [
    [items_pending, 'pending'],
    [items_without_result, 'without a result'],
    [items_withdrawn, 'withdrawn'],
  ] as const;
  return parts.flatMap(([count, word]) => (count ? [`${wholeNumber(count)} ${word}`] : []));
}
