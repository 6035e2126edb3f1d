import type { CivilDate } from '../calendar/civil-date.ts';
import type { PartitionProgress } from '../extract/book-progress.ts';
import type { StateStore } from '../ports/state-store.ts';
import { extractionOf } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';
import type { PagesOfDay } from './pages-of-day.ts';

/** What is known of every date of a table of pages that has a label, or something to be published. */
export type PageDays = ReadonlyMap<string, ReadonlyMap<CivilDate, PagesOfDay>>;

/** Of a date that no scan has seen. */
export const NO_PAGES: PagesOfDay = { labelled: null, unpublished: 0, isPublished: true };

/** By state; undefined for any other table. `partition`: this one alone. */
export async function pageDays(
  state: StateStore,
  source: Source,
  partition?: Partition,
): Promise<PageDays | undefined> {
  const name = extractionOf(source);
  if (name === undefined) return undefined;
  // Most sources have no pages that a model reads, and need none of these modules.
  const { ProgressStore, sumOf } = await import('../extract/book-progress.ts');
  const { changedPagePartitions, pageChangesOf } = await import('../extract/page-changes.ts');
  const knownOf = ({
    books,
    published,
  }: PartitionProgress): Pick<PagesOfDay, 'labelled' | 'isPublished'> => ({
    labelled: sumOf(books),
    isPublished: published !== null,
  });
  const days = new Map<string, Map<CivilDate, PagesOfDay>>();
  const set = ({ value, date }: Partition, known: Partial<PagesOfDay>) => {
    const own = days.get(value) ?? new Map<CivilDate, PagesOfDay>();
    days.set(value, own.set(date, { ...NO_PAGES, ...own.get(date), ...known }));
  };
  const store = new ProgressStore(state, name);
  if (partition) {
    const progress = await store.get(partition);
    if (progress) set(partition, knownOf(progress));
  } else for await (const { partition: place, progress } of store.list()) set(place, knownOf(progress));
  const changed = partition ? [partition] : changedPagePartitions(state, name);
  for await (const place of changed) {
    const changes = await Array.fromAsync(pageChangesOf(state, name, place));
    if (changes.length > 0) set(place, { unpublished: changes.length });
  }
  return days;
}
