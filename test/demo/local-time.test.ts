import { describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { localDateTime, twelveHour } from '../../demo/render/local-time.ts';

describe('the time of the off', () => {
  it.each([
    ['2026-03-28', 'gb', '+00:00'],
    ['2026-03-29', 'gb', '+01:00'],
    ['2026-10-24', 'ire', '+01:00'],
    ['2026-10-25', 'ire', '+00:00'],
    ['2026-03-29', 'fr', '+02:00'],
    ['2026-07-04', 'hk', '+08:00'],
    ['2026-07-04', 'usa', '-04:00'],
    ['2026-07-04', 'aro', '+01:00'],
  ] as const)('on %s in %s has the offset %s of the course', (date, country, offset) => {
    expect(localDateTime(civilDate(date), '13:45', country)).toBe(`${date}T13:45:00${offset}`);
  });

  it('is printed with twelve hours', () => {
    expect(['12:05', '13:45', '20:30', '00:10', '11:00'].map(twelveHour)).toEqual([
      '12:05',
      '1:45',
      '8:30',
      '12:10',
      '11:00',
    ]);
  });
});
