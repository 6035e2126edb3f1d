import { BREAKS, namesBreak } from './activity.ts';
import { gradesIn } from './grades.ts';
import type { DayRow } from './printed-day.ts';
import { breakWithin, type PrintedTime } from './times.ts';

/** What a day comes to; all in minutes. */
export interface DayMinutes {
  readonly start: PrintedTime;
  readonly end: PrintedTime;
  readonly instructional: number;
  readonly lunch: number | null;
  readonly recess: number | null;
  readonly passing: number | null;
  /** True where periods or breaks are printed. */
  readonly isDetailed: boolean;
  /** A period has such a break within it, and no length of one is printed: it was not taken off. */
  readonly hidden: readonly ('lunch' | 'recess')[];
  /** Rows that cannot be: outside of the day, or out of order. */
  readonly ignored: readonly string[];
}

/** A school day lies between 6 in the morning and 6 in the evening. */
const EARLIEST = 360;
const LATEST = 1080;
/** Rows of a day, so that those with names of their own are parts of it. */
const FEWEST_PARTS = 3;
const LUNCH = { least: 10, most: 90 };
/** Longest gap that is taken for passing where a row between two others was ignored. */
const LONGEST_PASSING = 15;

interface Timed extends DayRow {
  readonly start: PrintedTime;
  readonly end: PrintedTime;
}

/** Undefined where the rows have no start or no end of instruction. */
export function dayMinutesOf(rows: readonly DayRow[]): DayMinutes | undefined {
  const parts = rows.filter(({ activity }) => activity === 'class' || activity === 'other').length;
  const counted = rows.filter(
    ({ activity }) => activity !== 'aside' && (activity !== 'other' || parts >= FEWEST_PARTS),
  );
  const possible = counted.filter(isPossible);
  const ordered = inOrder(possible);
  const start = startOf(ordered);
  const end = endOf(ordered);
  if (!start || !end || end.minutes <= start.minutes) return undefined;
  const isInside = (row: DayRow) =>
    (row.start === undefined || row.start.minutes >= start.minutes) &&
    (row.end === undefined || row.end.minutes <= end.minutes);
  const inside = ordered.filter(isInside);
  const ignored = counted.filter((row) => !inside.includes(row)).map(textOf);
  const timed = inside.filter((row): row is Timed => row.start !== undefined && row.end !== undefined);
  const classes = timed.filter(({ activity }) => activity === 'class' || activity === 'other');
  const lunch = lunchOf(inside);
  const recess = recessOf(inside);
  const periods = classes.filter(({ activity }) => activity === 'class').length;
  const passing = passingOf(timed, periods, ignored.length > 0);
  return {
    start,
    end,
    instructional: end.minutes - start.minutes - (lunch ?? 0) - (recess ?? 0) - (passing ?? 0),
    lunch,
    recess,
    passing,
    isDetailed: classes.length >= 2 || lunch !== null || recess !== null || passing !== null,
    hidden: BREAKS.filter(
      (kind) =>
        (kind === 'lunch' ? lunch : recess) === null && classes.some(({ label }) => namesBreak(label, kind)),
    ),
    ignored,
  };
}

/** A part of the day, or the whole, that has the break within it. */
function withinOf(row: DayRow, kind: 'lunch' | 'recess'): number | undefined {
  const length = lengthOf(row);
  const within =
    row.activity === 'class' || row.activity === 'whole' ? breakWithin(row.label, kind) : undefined;
  return within !== undefined && length !== undefined && within < length ? within : undefined;
}

function textOf({ label, start, end, duration }: DayRow): string {
  const times = [start?.text, end?.text].filter((text) => text !== undefined).join('-');
  return `${label} ${times || `${duration} min`}`.trim();
}

function isPossible({ start, end, duration }: DayRow): boolean {
  if (!start) return duration !== undefined;
  const last = end ?? start;
  return start.minutes >= EARLIEST && last.minutes <= LATEST && (!end || end.minutes > start.minutes);
}

/** The longest run of rows whose starts do not go back. Lunches of several waves may stand in any order. */
function inOrder(rows: readonly DayRow[]): DayRow[] {
  const sequence = rows.filter(({ start, activity }) => start && !isWave(activity));
  const best: { length: number; before: number }[] = [];
  let last = -1;
  for (const [at, { start }] of sequence.entries()) {
    let mine = { length: 1, before: -1 };
    for (let before = 0; before < at; before++)
      if (sequence[before]!.start!.minutes <= start!.minutes && best[before]!.length + 1 > mine.length)
        mine = { length: best[before]!.length + 1, before };
    best.push(mine);
    if (last < 0 || mine.length > best[last]!.length) last = at;
  }
  const kept = new Set<DayRow>();
  for (let at = last; at >= 0; at = best[at]!.before) kept.add(sequence[at]!);
  return rows.filter((row) => !row.start || isWave(row.activity) || kept.has(row));
}

function isWave(activity: DayRow['activity']): boolean {
  return activity === 'lunch' || activity === 'recess' || activity === 'whole' || activity === 'dismissal';
}

/** A bell that says so, the first period, or the day as a whole. */
function startOf(rows: readonly DayRow[]): PrintedTime | undefined {
  for (const activities of [['start'], ['class', 'other'], ['whole']] as const) {
    const starts = rows.flatMap(({ activity, start }) =>
      start && (activities as readonly string[]).includes(activity) ? [start] : [],
    );
    if (starts.length > 0) return starts.reduce((one, other) => (other.minutes < one.minutes ? other : one));
  }
  return undefined;
}

/** The last dismissal, else the end of the last period. */
function endOf(rows: readonly DayRow[]): PrintedTime | undefined {
  for (const activities of [['dismissal'], ['whole'], ['class', 'other']] as const) {
    const ends = rows.flatMap(({ activity, start, end }) => {
      const last = activity === 'dismissal' ? start : end;
      return last && (activities as readonly string[]).includes(activity) ? [last] : [];
    });
    if (ends.length > 0) return ends.reduce((one, other) => (other.minutes > one.minutes ? other : one));
  }
  return undefined;
}

function lengthOf({ start, end, duration }: DayRow): number | undefined {
  return start && end ? end.minutes - start.minutes : duration;
}

/** Minutes of one lunch: a pupil has one, whichever wave or grade it is. */
function lunchOf(rows: readonly DayRow[]): number | null {
  const lengths = rows.flatMap(
    (row) => (row.activity === 'lunch' ? lengthOf(row) : withinOf(row, 'lunch')) ?? [],
  );
  const usual = mostFrequent(lengths.filter((length) => length >= LUNCH.least && length <= LUNCH.most));
  return usual ?? null;
}

/** Minutes of all recesses of one grade; those at the same time are of other pupils. */
function recessOf(rows: readonly DayRow[]): number | null {
  const all = rows.filter(({ activity }) => activity === 'recess');
  const grade = ({ label }: DayRow) => JSON.stringify(gradesIn(label, 'label') ?? null);
  const mine = all.filter((row) => grade(row) === grade(all[0]!));
  let until = 0;
  let sum = 0;
  for (const row of mine.toSorted((a, b) => (a.start?.minutes ?? 0) - (b.start?.minutes ?? 0))) {
    if (row.start && row.start.minutes < until) continue;
    sum += lengthOf(row) ?? 0;
    until = row.end?.minutes ?? until;
  }
  for (const row of rows) sum += withinOf(row, 'recess') ?? 0;
  return sum > 0 ? sum : null;
}

/** Rows of passing, and gaps between the parts of a day of periods. */
function passingOf(timed: readonly Timed[], periods: number, isBroken: boolean): number | null {
  const printed = timed.filter(({ activity }) => activity === 'passing');
  let sum = printed.reduce((minutes, row) => minutes + lengthOf(row)!, 0);
  if (periods >= 2) {
    const parts = timed.filter(({ activity }) => activity !== 'whole' && activity !== 'dismissal');
    let until: number | undefined;
    for (const { start, end } of parts.toSorted((a, b) => a.start.minutes - b.start.minutes)) {
      const gap = until === undefined ? 0 : start.minutes - until;
      if (gap > 0 && (!isBroken || gap <= LONGEST_PASSING)) sum += gap;
      until = Math.max(until ?? 0, end.minutes);
    }
  }
  return sum > 0 ? sum : null;
}

/** The first of those that come most often. */
export function mostFrequent<Value>(values: readonly Value[]): Value | undefined {
  const groups = [...Map.groupBy(values, (value) => value).entries()];
  return groups.reduce<[Value, Value[]] | undefined>(
    (best, group) => (!best || group[1].length > best[1].length ? group : best),
    undefined,
  )?.[0];
}
