import { type CivilDate, epochDay } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';

/** What the current version of one date of one target holds, as recorded at its commit. */
export interface DayCount {
  readonly date: CivilDate;
  readonly items: number;
  readonly rows: number;
}

/** Items per day. */
export interface Summary {
  readonly days: number;
  readonly mean: number;
  readonly median: number;
  /**
   * Of the sample (n − 1), the one that STDDEV means in Athena and DuckDB; undefined for a single day, which
   * tells nothing of spread (SQL says NULL).
   */
  readonly stddev: number | undefined;
  readonly min: number;
  readonly max: number;
}

export interface SuspiciousDay extends DayCount {
  /** Fewer items than this are suspicious. */
  readonly threshold: number;
  /** One line for a person: `1 item; usual 20.3 ± 6.4, day of week Sunday`. */
  readonly reason: string;
}

/**
 * Days that a baseline needs before it may accuse: fewer give a spread that is mostly chance. For the same
 * day of the week this is the four weeks of history, not counting the tested day.
 */
export const BASELINE_DAYS = 4;

/**
 * A day that has items may always lack one of the usual ones, and a twentieth of them, however much alike the
 * other days are: days that never differ have a spread of 0, and 299 of 300 are no accident to look for.
 */
const TOLERATED_SHARE = 0.05;

/** How many fewer items than usual are not improbable. `items`: those of the day. */
function toleratedLoss(items: number, { mean, stddev = 0 }: Pick<Baseline, 'mean' | 'stddev'>): number {
  return items === 0 ? 2 * stddev : Math.max(2 * stddev, 1, TOLERATED_SHARE * mean);
}

/** The same in SQL. */
export const TOLERATED_LOSS = `CASE WHEN items = 0 THEN 2 * spread ELSE greatest(2 * spread, 1, ${TOLERATED_SHARE} * usual) END`;

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** Figures over days of one target; undefined where there are none. */
export function summarize(counts: readonly DayCount[]): Summary | undefined {
  if (counts.length === 0) return undefined;
  const items = Float64Array.from(counts, (day) => day.items).sort();
  const middle = items.length >> 1;
  const upper = items[middle] ?? 0;
  const { mean, stddev } = spreadOf(counts);
  return {
    days: items.length,
    mean,
    median: items.length % 2 === 1 ? upper : ((items[middle - 1] ?? 0) + upper) / 2,
    stddev,
    min: items[0] ?? 0,
    max: items.at(-1) ?? 0,
  };
}

/**
 * Days of `range` with fewer items than `max(minItems, mean − 2·stddev)`, in date order; one item, or a
 * twentieth of them, may always be lacking where there are any. `history` is of days that are over.
 *
 * The baseline is every other day of `history` (give all of it, not just the range; one entry a date, in any
 * order) or, where the history has at least four others on the same day of the week, those only: a Sunday is
 * measured by Sundays. Under four days there is no baseline, and `minItems` judges alone.
 *
 * A day without any item was committed because the source's own index said that there is nothing (no other
 * empty day is ever committed), so `minItems` does not accuse it; the baseline does, where the days around it
 * make an empty day improbable, because an index can be wrong too. Linear in the days of the history.
 */
export function findSuspicious(
  history: readonly DayCount[],
  range: DateRange,
  minItems: number,
): readonly SuspiciousDay[] {
  // Counts are summed as distances from a typical one, so that squares stay small and exact.
  const pivot = Math.round(history.reduce((sum, day) => sum + day.items, 0) / Math.max(1, history.length));
  const all = new Tally(pivot);
  const byWeekday = WEEKDAYS.map(() => new Tally(pivot));
  for (const day of history) {
    all.add(day.items);
    byWeekday[weekdayOf(day.date)]?.add(day.items);
  }
  const suspicious: SuspiciousDay[] = [];
  for (const day of history) {
    if (day.date < range.start || day.date > range.end) continue;
    const weekday = weekdayOf(day.date);
    const sameWeekday = byWeekday[weekday]?.without(day.items);
    const seasonal = sameWeekday !== undefined && sameWeekday.days >= BASELINE_DAYS;
    const found = judge(
      day,
      minItems,
      seasonal ? sameWeekday : all.without(day.items),
      seasonal ? weekday : undefined,
    );
    if (found) suspicious.push(found);
  }
  return suspicious.sort((a, b) => (a.date < b.date ? -1 : 1));
}

interface Baseline {
  readonly days: number;
  readonly mean: number;
  readonly stddev: number | undefined;
}

function judge(
  day: DayCount,
  minItems: number,
  baseline: Baseline,
  weekday: number | undefined,
): SuspiciousDay | undefined {
  const usual = baseline.days >= BASELINE_DAYS ? baseline : undefined;
  const floor = day.items === 0 ? 0 : minItems;
  const threshold = usual ? Math.max(floor, usual.mean - toleratedLoss(day.items, usual)) : floor;
  if (day.items >= threshold) return undefined;
  const reasons = [
    day.items === 0
      ? '0 items, though the index says so'
      : `${day.items} ${day.items === 1 ? 'item' : 'items'}`,
  ];
  if (usual) {
    const season = weekday === undefined ? '' : `, day of week ${WEEKDAYS[weekday]}`;
    reasons.push(`usual ${usual.mean.toFixed(1)} ± ${(usual.stddev ?? 0).toFixed(1)}${season}`);
  }
  if (threshold === floor) reasons.push(`at least ${floor} expected`);
  return { ...day, threshold, reason: reasons.join('; ') };
}

/** Count, sum and sum of squares: enough to leave any one day out again in constant time. */
class Tally {
  readonly pivot: number;
  days = 0;
  sum = 0;
  squares = 0;

  constructor(pivot: number) {
    this.pivot = pivot;
  }

  add(items: number): void {
    const distance = items - this.pivot;
    this.days += 1;
    this.sum += distance;
    this.squares += distance * distance;
  }

  without(items: number): Baseline {
    const distance = items - this.pivot;
    return this.#baseline(this.days - 1, this.sum - distance, this.squares - distance * distance);
  }

  whole(): Baseline {
    return this.#baseline(this.days, this.sum, this.squares);
  }

  #baseline(days: number, sum: number, squares: number): Baseline {
    const variance = days > 1 ? Math.max(0, (squares - (sum * sum) / days) / (days - 1)) : undefined;
    return {
      days,
      mean: this.pivot + (days > 0 ? sum / days : 0),
      stddev: variance === undefined ? undefined : Math.sqrt(variance),
    };
  }
}

function spreadOf(counts: readonly DayCount[]): Baseline {
  const tally = new Tally(counts[0]?.items ?? 0);
  for (const day of counts) tally.add(day.items);
  return tally.whole();
}

function weekdayOf(date: CivilDate): number {
  return (((epochDay(date) + EPOCH_WEEKDAY) % 7) + 7) % 7;
}
