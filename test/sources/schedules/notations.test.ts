import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Schedule } from '../../../sources/schedules/schema.ts';
import { schedules } from '../../../sources/schedules/source.ts';
import {
  CLOCKS,
  DASHES,
  DAY_NOTATIONS,
  HOURS_NOTATIONS,
  type LevelHours,
  lastOf,
  type Timetable,
} from './notations.ts';

const ITEM = { id: '0699001', url: 'https://www.larkmead.example/bell-schedule', target: '0699001' };

function read(body: string): Schedule[] {
  const text = `<!DOCTYPE html><html><head><title>Bell Schedule</title></head><body>${body}</body></html>`;
  const parsed = schedules.parse(
    { url: ITEM.url, status: 200, contentType: 'text/html', text },
    ITEM,
    { value: 'CA', date: civilDate('2026-01-15') },
    { page: 0, requests: [ITEM], rowKeys: new Set(), settings: {} },
  );
  return parsed.kind === 'records' ? (parsed.records as Schedule[]) : [];
}

const timetable = fc
  .record({
    start: fc.integer({ min: 6 * 60 + 50, max: 9 * 60 }),
    count: fc.integer({ min: 4, max: 8 }),
    length: fc.integer({ min: 38, max: 50 }),
    passing: fc.integer({ min: 0, max: 7 }),
    lunchAfter: fc.integer({ min: 1, max: 3 }),
    lunch: fc.integer({ min: 20, max: 45 }),
  })
  .map(({ start, count, length, passing, lunchAfter, lunch }) => {
    const periods: { start: number; end: number }[] = [];
    let at = start;
    let meal = { start: 0, end: 0 };
    for (let nth = 1; nth <= count; nth++) {
      periods.push({ start: at, end: at + length });
      at += length;
      if (nth === lunchAfter) {
        meal = { start: at, end: at + lunch };
        at += lunch;
      }
      at += passing;
    }
    return { day: { periods, lunch: meal } satisfies Timetable, passing: passing * (count - 1), lunch };
  })
  // Of hours without am or pm the morning ends at noon and begins at six.
  .filter(({ day }) => lastOf(day) < 18 * 60);
const style = fc.record({
  clock: fc.constantFrom(...Object.values(CLOCKS)),
  dash: fc.constantFrom(...DASHES),
});

describe('a timetable', () => {
  it.each(Object.entries(DAY_NOTATIONS))('reads back the same from %s', (_, render) => {
    fc.assert(
      fc.property(timetable, style, ({ day, passing, lunch }, { clock, dash }) => {
        const range = (start: number, end: number) => `${clock(start)}${dash}${clock(end)}`;
        const [record, ...more] = read(`<h1>Oak Hollow High School 2025-26</h1>${render(day, clock, range)}`);
        const start = day.periods[0]!.start;
        const instructional = lastOf(day) - start - passing - lunch;
        expect(more).toEqual([]);
        expect(record).toMatchObject({
          grade_level: 'high',
          start_time: start,
          end_time: lastOf(day),
          instructional_minutes: instructional,
          lunch_duration: lunch,
          passing_periods: passing > 0 ? passing : null,
          schools_sampled: ['Oak Hollow High School'],
          confidence: instructional >= 240 && instructional <= 420 ? 'high' : 'low',
          notes:
            instructional >= 240 && instructional <= 420 ? null : `${instructional} minutes are unlikely`,
        });
      }),
      { numRuns: 150 },
    );
  });
});

const LEVELS = { elementary: 'Elementary', middle: 'Middle', high: 'High' } as const;
const hours = fc
  .array(
    fc.record({ start: fc.integer({ min: 400, max: 560 }), length: fc.integer({ min: 361, max: 480 }) }),
    { minLength: 3, maxLength: 3 },
  )
  .map((drawn) =>
    Object.entries(LEVELS).map(([level, name], at): LevelHours & { level: string } => {
      const { start, length } = drawn[at]!;
      return { level, name, start, end: start + length };
    }),
  );

describe('the hours of three levels', () => {
  it.each(Object.entries(HOURS_NOTATIONS))('read back the same from %s', (_, render) => {
    fc.assert(
      fc.property(hours, style, (levels, { clock, dash }) => {
        const range = (start: number, end: number) => `${clock(start)}${dash}${clock(end)}`;
        const found = read(`<h1>School hours 2025-26</h1>${render(levels, clock, range)}`);
        expect(
          found.map(({ grade_level, start_time, end_time }) => [grade_level, start_time, end_time]),
        ).toEqual(levels.map(({ level, start, end }) => [level, start, end]));
      }),
      { numRuns: 150 },
    );
  });
});
