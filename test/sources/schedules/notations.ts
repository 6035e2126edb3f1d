/** A day of periods; times in minutes since midnight. */
export interface Timetable {
  readonly periods: readonly { readonly start: number; readonly end: number }[];
  readonly lunch: { readonly start: number; readonly end: number };
}

/** How a time may be printed, and whether it says am or pm. */
export const CLOCKS: Readonly<Record<string, (minutes: number) => string>> = {
  '8:00 AM': (minutes) => `${clock(minutes)} ${half(minutes).toUpperCase()}`,
  '8:00 a.m.': (minutes) => `${clock(minutes)} ${half(minutes)[0]}.m.`,
  '8:50 a.m': (minutes) => `${clock(minutes)} ${half(minutes)[0]}.m`,
  '08:10am': (minutes) => `${clock(minutes).padStart(5, '0')}${half(minutes)}`,
  '7:30a': (minutes) => `${clock(minutes)}${half(minutes)[0]}`,
  '8:00': (minutes) => clock(minutes),
  '9 a.m.': (minutes) =>
    minutes % 60 === 0
      ? `${hour(minutes)} ${half(minutes)[0]}.m.`
      : `${clock(minutes)} ${half(minutes)[0]}.m.`,
  noon: (minutes) => (minutes === 720 ? 'noon' : `${clock(minutes)} ${half(minutes)}`),
  '12 Noon': (minutes) => (minutes === 720 ? '12 Noon' : `${clock(minutes)} ${half(minutes)}`),
};

export const DASHES = ['-', ' - ', '–', ' – ', ' to ', ' — '];

function hour(minutes: number): number {
  return Math.floor(minutes / 60) % 12 || 12;
}

function clock(minutes: number): string {
  return `${hour(minutes)}:${String(minutes % 60).padStart(2, '0')}`;
}

function half(minutes: number): 'am' | 'pm' {
  return minutes < 720 ? 'am' : 'pm';
}

interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

type Print = (start: number, end: number) => string;

/** Parts of the day in its order, named as `nth` names them. */
function partsOf({ periods, lunch }: Timetable, nth: (at: number) => string): Part[] {
  const parts = periods.map((period, at) => ({ name: nth(at + 1), ...period }));
  return [...parts, { name: 'Lunch', ...lunch }].sort((a, b) => a.start - b.start);
}

function ordinal(nth: number): string {
  return `${nth}${['th', 'st', 'nd', 'rd'][nth] ?? 'th'}`;
}

const row = (...cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;

/** The same day of periods in each of the ways in which pages print one. */
export const DAY_NOTATIONS: Readonly<
  Record<string, (day: Timetable, time: (minutes: number) => string, range: Print) => string>
> = {
  'a table of starts and ends': (day, time) =>
    `<table><tr><th>Description / Period</th><th>Start Time</th><th>End Time</th><th>Length</th></tr>${partsOf(
      day,
      (nth) => `Period ${nth}`,
    )
      .map(({ name, start, end }) => row(name, time(start), time(end), `${end - start} min`))
      .join('')}${row('Dismissal', time(lastOf(day)), '—', '—')}</table>`,
  'a table of ranges': (day, _, range) =>
    `<table><tr><th>Block</th><th>Time</th></tr>${partsOf(day, (nth) => `Block ${nth}`)
      .map(({ name, start, end }) => row(name, range(start, end)))
      .join('')}</table>`,
  'a table with times first': (day, _, range) =>
    `<table>${partsOf(day, (nth) => `Period ${nth}`)
      .map(({ name, start, end }) => row(range(start, end), name))
      .join('')}</table>`,
  'a list': (day, _, range) =>
    `<ul>${partsOf(day, (nth) => `Period ${nth}`)
      .map(({ name, start, end }) => `<li>${name}: ${range(start, end)}</li>`)
      .join('')}</ul>`,
  'loose lines': (day, _, range) =>
    `<p>${partsOf(day, (nth) => `${ordinal(nth)} Hour`)
      .map(({ name, start, end }) => `${name} ${range(start, end)}`)
      .join('<br>')}</p>`,
};

export function lastOf({ periods }: Timetable): number {
  return periods.at(-1)!.end;
}

/** From start to end for each level of a district. */
export interface LevelHours {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The hours of the levels in each of the ways in which pages print them. */
export const HOURS_NOTATIONS: Readonly<
  Record<string, (levels: readonly LevelHours[], time: (minutes: number) => string, range: Print) => string>
> = {
  'a line each': (levels, _, range) =>
    levels.map(({ name, start, end }) => `<p>${name}: ${range(start, end)}</p>`).join(''),
  'levels by kinds of day': (levels, _, range) =>
    `<table><tr><th></th><th>Full day</th><th>Early dismissal</th></tr>${levels
      .map(({ name, start, end }) => row(name, range(start, end), range(start, end - 120)))
      .join('')}</table>`,
  'a table of starts and ends': (levels, time) =>
    `<table><tr><th>School</th><th>Start</th><th>Dismissal</th><th>Minutes</th></tr>${levels
      .map(({ name, start, end }) => row(name, time(start), time(end), `${end - start} min`))
      .join('')}</table>`,
  'a table without heads': (levels, time) =>
    `<table>${levels.map(({ name, start, end }) => row(name, time(start), time(end))).join('')}</table>`,
  'headings with a start and a dismissal': (levels, time) =>
    levels
      .map(
        ({ name, start, end }) =>
          `<h3>${name}</h3><p>Start: ${time(start)}</p><p>Dismissal: ${time(end)}</p>`,
      )
      .join(''),
  prose: (levels, time) =>
    `<p>${levels
      .map(
        ({ name, start, end }) =>
          `${name} school students begin classes at ${time(start)} and dismiss at ${time(end)}.`,
      )
      .join(' ')}</p>`,
};
