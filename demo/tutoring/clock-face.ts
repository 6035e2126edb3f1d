import { addDays, type CivilDate, epochDay, fromEpochDay } from '../../core/calendar/civil-date.ts';

/** A time as a clock on the wall shows it, and how far that clock is ahead of UTC. All in minutes. */
export interface ClockFace {
  readonly date: CivilDate;
  /** Since midnight. */
  readonly minute: number;
  readonly offset: number;
  readonly form: TimeForm;
}

/** How a time is written: with its offset, with `Z`, or with neither, which means UTC. */
export type TimeForm = 'offset' | 'zulu' | 'bare' | 'spaced';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const formats = new Map<string, Intl.DateTimeFormat>();

/** A clock in a time zone: an hour that summer time leaves out is shown as the one after it. */
export function faceIn(timeZone: string, date: CivilDate, minute: number): ClockFace {
  const asked = epochDay(date) * DAY_MINUTES + minute;
  const first = asked - offsetAt(timeZone, asked);
  const utc = asked - offsetAt(timeZone, first);
  const offset = offsetAt(timeZone, utc);
  return { ...split(utc + offset), offset, form: 'offset' };
}

/** A clock that shows UTC. */
export function utcFace(date: CivilDate, minute: number, form: Exclude<TimeForm, 'offset'>): ClockFace {
  return { date, minute, offset: 0, form };
}

/** So many minutes later, on the same clock. */
export function later(face: ClockFace, minutes: number): ClockFace {
  return { ...face, ...split(epochDay(face.date) * DAY_MINUTES + face.minute + minutes) };
}

/** Minutes since the epoch. */
export function utcMinutes({ date, minute, offset }: ClockFace): number {
  return epochDay(date) * DAY_MINUTES + minute - offset;
}

export function written({ date, minute, offset, form }: ClockFace): string {
  const time = `${clock(minute)}:00`;
  if (form === 'spaced') return `${date} ${time}`;
  if (form === 'bare') return `${date}T${time}`;
  if (form === 'zulu') return `${date}T${time}Z`;
  return `${date}T${time}${offset < 0 ? '-' : '+'}${clock(Math.abs(offset))}`;
}

export function previous(date: CivilDate): CivilDate {
  return addDays(date, -1);
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function split(minutes: number): Pick<ClockFace, 'date' | 'minute'> {
  const day = Math.floor(minutes / DAY_MINUTES);
  return { date: fromEpochDay(day), minute: minutes - day * DAY_MINUTES };
}

function offsetAt(timeZone: string, utc: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  const name = format.formatToParts(utc * MINUTE_MS).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
