import type { CivilDate } from '../../core/window/civil-date.ts';

/** `2026-07-04T13:45:00+01:00`: all meetings keep the clock of London, as a London site prints them. */
export function localDateTime(date: CivilDate, time: string): string {
  return `${date}T${time}:00${summerTime(date) ? '+01:00' : '+00:00'}`;
}

/** True from the last Sunday of March up to the day before the last Sunday of October. */
function summerTime(date: CivilDate): boolean {
  const year = Number(date.slice(0, 4));
  return date >= lastSunday(year, 3) && date < lastSunday(year, 10);
}

function lastSunday(year: number, month: 3 | 10): string {
  // Both months have 31 days.
  const weekday = new Date(Date.UTC(year, month - 1, 31)).getUTCDay();
  return `${year}-${String(month).padStart(2, '0')}-${31 - weekday}`;
}
