import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, civilDate, fromEpochDay } from '../../../core/calendar/civil-date.ts';
import type { DateRange } from '../../../core/calendar/window.ts';
import {
  BASELINE_DAYS,
  type DayCount,
  findSuspicious,
  summarize,
} from '../../../core/completeness/statistics.ts';

/** Consecutive days from `start`, with these items each. */
function days(start: string, items: readonly number[]): DayCount[] {
  return items.map((count, index) => ({
    date: addDays(civilDate(start), index),
    items: count,
    rows: count * 8,
  }));
}

function rangeOf(history: readonly DayCount[]): DateRange {
  const dates = history.map((day) => day.date).sort();
  return { start: dates[0] ?? civilDate('2026-01-01'), end: dates.at(-1) ?? civilDate('2026-01-01') };
}

const suspiciousIn = (history: readonly DayCount[], minItems = 5) =>
  findSuspicious(history, rangeOf(history), minItems);

/** The definition of the design read aloud: for each day, gather the others and measure them. */
function naive(history: readonly DayCount[], range: DateRange, minItems: number) {
  const weekday = (day: DayCount) => new Date(`${day.date}T12:00:00Z`).getUTCDay();
  const margins = new Map<string, number>();
  for (const day of history) {
    if (day.date < range.start || day.date > range.end) continue;
    const others = history.filter((other) => other !== day);
    const seasonal = others.filter((other) => weekday(other) === weekday(day));
    const baseline = (seasonal.length >= BASELINE_DAYS ? seasonal : others).map((other) => other.items);
    const floor = day.items === 0 ? 0 : minItems;
    let threshold = floor;
    if (baseline.length >= BASELINE_DAYS) {
      const mean = baseline.reduce((a, b) => a + b, 0) / baseline.length;
      const variance = baseline.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (baseline.length - 1);
      const spread = 2 * Math.sqrt(variance);
      threshold = Math.max(floor, mean - (day.items === 0 ? spread : Math.max(spread, 1, mean / 20)));
    }
    margins.set(day.date, day.items - threshold);
  }
  return margins;
}

describe('the summary of items per day', () => {
  it('gives mean, median, sample standard deviation, minimum and maximum', () => {
    const summary = summarize(days('2025-11-11', [2, 4, 4, 4, 5, 5, 7, 9]));
    expect(summary).toMatchObject({ days: 8, mean: 5, median: 4.5, min: 2, max: 9 });
    // 32 / 7: what STDDEV says in SQL; the population's would be 2.
    expect(summary?.stddev).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  it('has no spread to tell of from one day, and nothing at all from none', () => {
    expect(summarize(days('2025-11-11', [3]))).toEqual({
      days: 1,
      mean: 3,
      median: 3,
      stddev: undefined,
      min: 3,
      max: 3,
    });
    expect(summarize([])).toBeUndefined();
  });

  it('agrees with the plain formulas on any counts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 60 }),
        (items) => {
          const summary = summarize(days('2020-01-01', items));
          if (!summary) throw new Error('no summary');
          const sorted = items.toSorted((a, b) => a - b);
          const mean = items.reduce((a, b) => a + b, 0) / items.length;
          const variance = items.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (items.length - 1);
          expect(summary.mean).toBeCloseTo(mean, 6);
          expect(summary.stddev).toBeCloseTo(Math.sqrt(variance), 4);
          expect([summary.min, summary.max]).toEqual([sorted[0], sorted.at(-1)]);
          expect(items.filter((x) => x <= summary.median).length * 2).toBeGreaterThanOrEqual(items.length);
          expect(items.filter((x) => x >= summary.median).length * 2).toBeGreaterThanOrEqual(items.length);
        },
      ),
    );
  });
});

describe('suspicious dates', () => {
  it('are those under the least that the source expects, however short the history', () => {
    expect(suspiciousIn(days('2025-11-17', [1]))).toEqual([
      { date: '2025-11-17', items: 1, rows: 8, threshold: 5, reason: '1 item; at least 5 expected' },
    ]);
  });

  it('are those far under what is usual, with the usual named', () => {
    const found = suspiciousIn(days('2025-11-10', [20, 22, 21, 19, 20, 23, 12]));
    expect(found.map((day) => [day.date, day.reason])).toEqual([
      ['2025-11-16', '12 items; usual 20.8 ± 1.5'],
    ]);
    expect(found[0]?.threshold).toBeCloseTo(17.89, 2);
  });

  it('cannot hide in their own baseline', () => {
    // With itself in the baseline the bad day would widen the spread to 10.7 and pass: mean − 2·stddev is
    // then 3.7.
    const found = suspiciousIn(days('2025-11-11', [30, 31, 29, 30, 6]));
    expect(found.map((day) => day.date)).toEqual(['2025-11-15']);
  });

  it('are measured by their own day of the week, once there are four others of it', () => {
    const week = [40, 20, 20, 20, 20, 20, 40];
    const fiveWeeks = [...week, ...week, ...week, ...week, ...week];
    const quietSunday = fiveWeeks.with(28, 22);
    // 2025-10-05 is a Sunday; 22 would be fine for a Monday.
    const found = suspiciousIn(days('2025-10-05', quietSunday));
    expect(found.map((day) => [day.date, day.reason])).toEqual([
      ['2025-11-02', '22 items; usual 40.0 ± 0.0, day of week Sunday'],
    ]);
    expect(suspiciousIn(days('2025-10-05', quietSunday.slice(7)))).toEqual([]);
  });

  it('do not include the day of the week on which the source always has little', () => {
    const week = [20, 8, 20, 20, 20, 20, 20];
    expect(suspiciousIn(days('2025-10-05', [...week, ...week, ...week, ...week, ...week]))).toEqual([]);
  });

  it('include an empty day only where the days around it make it improbable', () => {
    expect(suspiciousIn(days('2025-12-25', [0]))).toEqual([]);
    const restDay = [20, 0, 20, 20, 20, 20, 20];
    expect(
      suspiciousIn(days('2025-10-05', [...restDay, ...restDay, ...restDay, ...restDay, ...restDay])),
    ).toEqual([]);
    const found = suspiciousIn(days('2025-11-10', [20, 22, 21, 0, 20, 23, 19]));
    expect(found.map((day) => [day.date, day.reason])).toEqual([
      ['2025-11-13', '0 items, though the index says so; usual 20.8 ± 1.5'],
    ]);
  });

  it('are reported within the range only, measured by the whole history, in date order', () => {
    const history = days('2025-11-01', [20, 1, 20, 21, 19, 20, 2, 20, 1]).toReversed();
    const range = { start: civilDate('2025-11-05'), end: civilDate('2025-11-30') };
    expect(findSuspicious(history, range, 5).map((day) => day.date)).toEqual(['2025-11-07', '2025-11-09']);
  });

  it('are not found where every day is the same', () => {
    expect(suspiciousIn(days('2025-01-01', Array(100).fill(1_000_003)))).toEqual([]);
  });

  it('are not those that lack one item, or a twentieth, where the others never differ', () => {
    const year = (short: number) =>
      days('2025-01-01', [...Array(200).fill(300), short, ...Array(99).fill(300)]);
    for (const lacking of [299, 298, 285]) expect(suspiciousIn(year(lacking))).toEqual([]);
    expect(suspiciousIn(year(284))).toMatchObject([{ items: 284, threshold: 285 }]);
    const week = (short: number) => days('2025-01-01', [8, 8, 8, short, 8, 8, 8]);
    expect(suspiciousIn(week(7))).toEqual([]);
    expect(suspiciousIn(week(6))).toMatchObject([{ items: 6, threshold: 7 }]);
    // Nothing at all is another matter, however few are usual.
    expect(suspiciousIn(days('2025-01-01', [1, 1, 1, 0, 1, 1]), 0)).toMatchObject([{ items: 0 }]);
  });

  it('are the same as by measuring every day against a list of the others', () => {
    const history = fc.uniqueArray(
      fc.tuple(fc.integer({ min: -40, max: 90 }), fc.integer({ min: 0, max: 40 })),
      {
        selector: ([day]) => day,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(
        history,
        fc.nat(10),
        fc.integer({ min: -40, max: 90 }),
        fc.nat(60),
        (entries, minItems, first, length) => {
          const counts = entries.map(([day, items]) => ({ date: fromEpochDay(day), items, rows: items }));
          const range = { start: fromEpochDay(first), end: fromEpochDay(first + length) };
          const found = new Map(
            findSuspicious(counts, range, minItems).map((day) => [day.date as string, day]),
          );
          for (const [date, margin] of naive(counts, range, minItems)) {
            // On the very edge the last bits of two ways of adding may differ.
            if (Math.abs(margin) > 1e-9) expect(found.has(date)).toBe(margin < 0);
            const day = found.get(date);
            if (day) expect(day.items - day.threshold).toBeCloseTo(margin, 9);
          }
          for (const date of found.keys()) expect(date >= range.start && date <= range.end).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
