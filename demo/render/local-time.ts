import type { CivilDate } from '../../core/calendar/civil-date.ts';
import type { MeetingCountry } from '../model/racing-day.ts';

const ZONES: Readonly<Record<MeetingCountry, string>> = {
  gb: 'Europe/London',
  aro: 'Europe/London',
  ire: 'Europe/Dublin',
  fr: 'Europe/Paris',
  hk: 'Asia/Hong_Kong',
  usa: 'America/New_York',
};
const offsets = new Map<string, string>();

/** `2026-07-04T13:45:00+01:00`: the clock of the course, and how far it is from UTC. */
export function localDateTime(date: CivilDate, time: string, country: MeetingCountry): string {
  return `${date}T${time}:00${offsetOn(date, ZONES[country])}`;
}

/** `+01:00`, at noon: nobody races while the clocks change. */
function offsetOn(date: CivilDate, timeZone: string): string {
  const key = `${timeZone}/${date}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
  const name = parts.formatToParts(new Date(`${date}T12:00:00Z`)).find(({ type }) => type === 'timeZoneName');
  const offset = name?.value.replace('GMT', '') || '+00:00';
  offsets.set(key, offset);
  return offset;
}

/** As a page prints `14:05`: `2:05`. */
export function twelveHour(time: string): string {
  const [hours, minutes] = time.split(':') as [string, string];
  return `${Number(hours) % 12 || 12}:${minutes}`;
}
