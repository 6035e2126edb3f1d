import { describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/local/system-clock.ts';
import { timeOfId } from '../../core/calendar/run-id.ts';
import { clockOf } from '../../runtime/clock.ts';
import { idsOf } from '../../runtime/ids.ts';
import { SettingError } from '../../runtime/setting-error.ts';
import { clockContract } from '../contracts/clock.contract.ts';

clockContract('a clock that is set', () => ({
  clock: clockOf({ RESCRAPE_NOW: '2028-02-29T12:00:00Z' }),
  pass: (ms) => systemClock.sleep(ms),
}));

/** Milliseconds since this process started. */
const elapsed = () => systemClock.now() - performance.timeOrigin;

describe('the clock of the command line', () => {
  it.each([{}, { RESCRAPE_NOW: undefined }, { RESCRAPE_NOW: '' }])("is the machine's with %j", (env) => {
    expect(clockOf(env)).toBe(systemClock);
  });

  it.each([
    ['2028-02-29T12:00:00Z', Date.UTC(2028, 1, 29, 12)],
    ['2026-03-29T01:30:00+01:00', Date.UTC(2026, 2, 29, 0, 30)],
    ['2025-11-22T12:00:00.250Z', Date.UTC(2025, 10, 22, 12, 0, 0, 250)],
    ['1970-01-01T00:00:00Z', 0],
  ])('shows %s when the process starts, and runs on from there', (text, at) => {
    const clock = clockOf({ RESCRAPE_NOW: text });
    const before = elapsed();
    const shown = clock.now() - at;
    expect(shown).toBeGreaterThanOrEqual(before - 1);
    expect(shown).toBeLessThanOrEqual(elapsed() + 1);
  });

  it('is one however often it is asked for', () => {
    const env = { RESCRAPE_NOW: '2028-02-29T12:00:00Z' };
    const times = [clockOf(env), clockOf(env), clockOf(env)].map((clock) => clock.now());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each([
    'tomorrow',
    '2025-11-22',
    '2025-11-22T12:00:00',
    '2025-02-30T12:00:00Z',
    '2025-11-22T24:30:00Z',
    '1969-12-31T23:59:59Z',
    '1763812800000',
    ' 2025-11-22T12:00:00Z\n',
  ])('is refused in one line where it is set to %j', (text) => {
    const set = () => clockOf({ RESCRAPE_NOW: text });
    expect(set).toThrow(SettingError);
    expect(set).toThrow(/^RESCRAPE_NOW is ".*": give an instant such as 2025-11-22T12:00:00Z$/);
  });
});

describe('ids of a clock', () => {
  it('are of its time, and sort in the order in which they were made', () => {
    let now = Date.UTC(2028, 1, 29, 12);
    const newId = idsOf({ now: () => now });
    const ids = Array.from({ length: 100 }, (_, nth) => {
      if (nth % 10 === 0) now++;
      return newId();
    });
    expect(timeOfId(ids[0]!)).toBe(Date.UTC(2028, 1, 29, 12) + 1);
    expect(timeOfId(ids.at(-1)!)).toBe(now);
    expect(ids).toEqual(ids.toSorted());
  });
});
