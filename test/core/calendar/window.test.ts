import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate, datesBetween, epochDay } from '../../../core/calendar/civil-date.ts';
import {
  checkWindow,
  civilDateAt,
  MAX_WINDOW_DAYS,
  startOfDate,
  windowFor,
} from '../../../core/calendar/window.ts';

const HOUR = 3_600_000;
const ZONES = Intl.supportedValuesOf('timeZone');
const at = (iso: string) => Date.parse(iso);

const offsets = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }),
  ]),
);

/** Minutes that the zone is ahead of UTC, by another way than the code under test takes. */
function offsetMinutes(now: number, timeZone: string): number {
  const name = offsets
    .get(timeZone)
    ?.formatToParts(now)
    .find((part) => part.type === 'timeZoneName')?.value;
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name ?? '');
  if (!match) throw new Error(`offset ${name}`);
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0) + Number(match[4] ?? 0) / 60;
  return match[1] === '-' ? -minutes : minutes;
}

/** The first noon (UTC) after each change of the zone's clocks in a year. */
function changesOfClocks(timeZone: string, year: number): number[] {
  const found: number[] = [];
  let before = offsetMinutes(Date.UTC(year, 0, 1, 12), timeZone);
  for (let day = 2; day <= 366; day++) {
    const noon = Date.UTC(year, 0, day, 12);
    const after = offsetMinutes(noon, timeZone);
    if (after !== before) found.push(noon);
    before = after;
  }
  return found;
}

describe('the window of a source', () => {
  it('is the last days of the source, today included', () => {
    const window = windowFor({ now: at('2026-11-17T12:00:00Z'), timeZone: 'Europe/London', windowDays: 7 });
    expect(window).toEqual({ start: '2026-11-11', end: '2026-11-17' });
  });

  it('goes by the calendar of the source, not by that of the machine', () => {
    const now = at('2026-11-17T23:30:00Z');
    expect(windowFor({ now, timeZone: 'Pacific/Auckland', windowDays: 1 }).end).toBe('2026-11-18');
    expect(windowFor({ now, timeZone: 'America/Los_Angeles', windowDays: 1 }).end).toBe('2026-11-17');
  });

  it('neither repeats nor loses a day where a day has 23 or 25 hours', () => {
    for (const now of [
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
    ]) {
      const window = windowFor({ now: at(now), timeZone: 'Europe/London', windowDays: 3 });
      expect([...datesBetween(window.start, window.end)]).toHaveLength(3);
      expect(window.end).toBe(now.slice(0, 10));
    }
    // 23:30 on the short day, 24 hours after 22:30 the day before.
    expect(civilDateAt(at('2026-03-29T22:30:00Z'), 'Europe/London')).toBe('2026-03-29');
  });

  it('always has that many consecutive dates and ends at the local date of now, in every time zone', () => {
    const instants = fc.integer({ min: at('1995-02-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') });
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        instants,
        fc.integer({ min: 1, max: 400 }),
        (timeZone, now, windowDays) => {
          const { start, end } = windowFor({ now, timeZone, windowDays });
          const dates = [...datesBetween(start, end)];
          expect(new Set(dates).size).toBe(windowDays);
          expect(epochDay(end) - epochDay(start)).toBe(windowDays - 1);
          const local = new Date(now + offsetMinutes(now, timeZone) * 60_000).toISOString().slice(0, 10);
          expect(end).toBe(local);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('moves by at most one day an hour, through every change of clocks of every zone', () => {
    let changes = 0;
    fc.assert(
      // From 2012 on no zone has skipped a date; Samoa's last one has a test of its own below.
      fc.property(fc.integer({ min: 2012, max: 2040 }), (year) => {
        for (const timeZone of ZONES) {
          for (const change of changesOfClocks(timeZone, year)) {
            changes++;
            const steps = Array.from({ length: 52 }, (_, hour) => change + (hour - 38) * HOUR);
            const ends = steps.map((now) => epochDay(windowFor({ now, timeZone, windowDays: 7 }).end));
            ends.slice(1).forEach((end, index) => {
              expect(Math.abs(end - (ends[index] ?? 0))).toBeLessThanOrEqual(1);
            });
          }
        }
      }),
      { numRuns: 2 },
    );
    expect(changes).toBeGreaterThan(100);
  });

  it('keeps a date in the window that the zone skipped, and jumps over it in one hour', () => {
    const samoa = (now: string) => windowFor({ now: at(now), timeZone: 'Pacific/Apia', windowDays: 3 });
    expect(samoa('2011-12-30T09:30:00Z')).toEqual({ start: '2011-12-27', end: '2011-12-29' });
    expect(samoa('2011-12-30T10:30:00Z')).toEqual({ start: '2011-12-29', end: '2011-12-31' });
  });

  it('steps back a day for the hour in which a clock goes back over midnight', () => {
    const dates = [
      '2010-11-07T02:00:00Z',
      '2010-11-07T02:30:30Z',
      '2010-11-07T02:45:00Z',
      '2010-11-07T03:45:00Z',
    ].map((now) => civilDateAt(at(now), 'America/St_Johns'));
    expect(dates).toEqual(['2010-11-06', '2010-11-07', '2010-11-06', '2010-11-07']);
  });

  it.each([0, -1, 1.5, Number.NaN, MAX_WINDOW_DAYS + 1])('refuses a window of %d days', (windowDays) => {
    expect(() => windowFor({ now: 0, timeZone: 'UTC', windowDays })).toThrow(RangeError);
  });

  it('refuses a time zone that does not exist', () => {
    expect(() => civilDateAt(0, 'Europe/Atlantis')).toThrow(RangeError);
  });
});

describe('the first moment of a date', () => {
  it.each([
    ['2026-07-01', 'UTC', '2026-07-01T00:00:00Z'],
    ['2026-07-01', 'Europe/London', '2026-06-30T23:00:00Z'],
    ['2026-07-01', 'Pacific/Kiritimati', '2026-06-30T10:00:00Z'],
    ['2026-07-01', 'Pacific/Pago_Pago', '2026-07-01T11:00:00Z'],
    ['2026-07-01', 'Asia/Kathmandu', '2026-06-30T18:15:00Z'],
    // Clocks that go forward at midnight: the date begins at one.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00Z'],
    // Clocks that go back over midnight: it begins twice, and the first time counts.
    ['2010-11-07', 'America/St_Johns', '2010-11-07T02:30:00Z'],
    ['1988-10-30', 'America/St_Johns', '1988-10-30T01:30:00Z'],
    // A date that the zone skipped begins with the next one.
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ])('of %s in %s is %s', (date, timeZone, first) => {
    expect(startOfDate(civilDate(date), timeZone)).toBe(at(first));
  });
});

describe('a window that a person asked for', () => {
  const today = civilDate('2026-11-17');

  it('is taken when its dates exist, in order, up to today', () => {
    expect(checkWindow('2026-11-11', '2026-11-17', today)).toEqual({
      kind: 'window',
      window: { start: '2026-11-11', end: '2026-11-17' },
    });
    expect(checkWindow('2026-11-17', '2026-11-17', today).kind).toBe('window');
    expect(checkWindow('2024-02-29', '2024-02-29', today).kind).toBe('window');
  });

  it.each([
    ['2026-11-17', '2026-11-11', 'END_BEFORE_START', /end 2026-11-11 lies before the start 2026-11-17/],
    ['2025-02-30', '2026-11-17', 'NO_SUCH_DATE', /start "2025-02-30"/],
    ['2025-02-28', '2025-02-29', 'NO_SUCH_DATE', /end "2025-02-29"/],
    ['17.11.2026', '2026-11-17', 'NO_SUCH_DATE', /YYYY-MM-DD/],
    ['', '', 'NO_SUCH_DATE', /start ""/],
    ['2026-11-11', '2026-11-18', 'IN_THE_FUTURE', /2026-11-18 lies in the future: give 2026-11-17/],
    ['2016-01-01', '2026-11-17', 'TOO_LONG', /3974 days.*3660/],
  ])('is refused for %j to %j as %s, in one line', (start, end, code, message) => {
    const checked = checkWindow(start, end, today);
    if (checked.kind !== 'invalid') throw new Error('it was taken');
    expect(checked.code).toBe(code);
    expect(checked.message).toMatch(message);
    expect(checked.message).not.toContain('\n');
  });
});
