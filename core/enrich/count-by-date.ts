import type { CivilDate } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { StateStore } from '../ports/state-store.ts';

/**
 * How many documents of a partition of the store a feed has, by date; dates without one are left out. They
 * are named `<feed>#<date>#…`.
 */
export async function countByDate(
  state: StateStore,
  partition: string,
  feed: string,
  { start, end }: DateRange,
): Promise<Map<CivilDate, number>> {
  const days = new Map<CivilDate, number>();
  // `$` follows upon `#`.
  for await (const { sort } of state.query(partition, { from: `${feed}#${start}#`, to: `${feed}#${end}$` })) {
    const date = sort.split('#')[1] as CivilDate;
    days.set(date, (days.get(date) ?? 0) + 1);
  }
  return days;
}
