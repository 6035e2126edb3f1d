import { activityOf } from './activity.ts';
import { below, type Context, type Facets, facetsOf } from './context.ts';
import type { DayRow, PrintedDays } from './printed-day.ts';
import { type Column, columnsOf, type TimeColumns, timeColumnsOf } from './table-columns.ts';
import { durationIn, type PrintedTime, timesIn, withoutTimes } from './times.ts';

type Cells = readonly string[];

/** Some rows of a table under heads of their own. */
interface Part {
  readonly facets: Facets;
  readonly heads: Cells;
  readonly body: Cells[];
}

/**
 * Reads a table: its rows are the parts of a day, or each is the day of a school, a grade or a kind of day.
 */
export function readTable(rows: readonly Cells[], context: Context, days: PrintedDays): void {
  for (const part of partsOf(rows)) {
    const columns = columnsOf(part.heads, part.body);
    const pairs = withPlainPair(timeColumnsOf(columns), part.body);
    const labels = labelColumns(columns, part.body);
    const place = below(context.facets(), part.facets);
    if (place.aside || pairs.length === 0) continue;
    const nameOf = (row: Cells) =>
      labels
        .map((at) => row[at]!)
        .filter((text) => text !== '')
        .join(' ');
    if (rowsAreDays(part.body.map(nameOf))) readDays(part.body, columns, pairs, nameOf, place, days);
    else readParts(part.body, pairs, nameOf, place, days);
  }
}

/** Splits at rows that go across the whole table, and at heads in its midst. */
function partsOf(rows: readonly Cells[]): Part[] {
  const parts: Part[] = [];
  let facets: Facets = {};
  let heads: string[] = [];
  let body: Cells[] = [];
  const end = () => {
    if (body.length > 0) parts.push({ facets, heads, body });
    body = [];
  };
  for (const row of rows) {
    const isTimed = row.some((cell) => timesIn(cell).length > 0);
    const filled = row.filter((cell) => cell !== '');
    if (filled.length === 0) continue;
    if (
      !isTimed &&
      (filled.length === 1 || new Set(filled).size === 1) &&
      row.length > 1 &&
      isAcross(row, filled)
    ) {
      end();
      facets = { ...facets, ...facetsOf(filled[0]!) };
      heads = [];
    } else if (!isTimed && (body.length === 0 || isHead(row))) {
      end();
      heads = row.map((cell, at) => [heads[at] ?? '', cell].filter((text) => text !== '').join(' '));
    } else body.push(row);
  }
  end();
  return parts;
}

/** One cell over all columns, or the first alone with words for what follows. */
function isAcross(row: Cells, filled: Cells): boolean {
  if (filled.length === row.length) return true;
  const facets = facetsOf(filled[0]!);
  return (
    row[0] === filled[0] &&
    (facets.day !== undefined || facets.school !== undefined || facets.grades !== undefined)
  );
}

function isHead(row: Cells): boolean {
  return row.slice(1).some((cell) => /\b(?:start|end|begin|time|dismissal)s?\b/i.test(cell));
}

/** Without heads that tell, two columns of single times are the start and the end. */
function withPlainPair(pairs: readonly TimeColumns[], body: readonly Cells[]): readonly TimeColumns[] {
  const single = pairs.filter(
    ({ both }) =>
      both !== undefined &&
      body.every((row) => timesIn(row[both] ?? '').every(({ end }) => end === undefined)),
  );
  const [one, other] = single;
  const isPair =
    one && other && pairs.length === 2 && !one.facets.grades && !other.facets.grades && !other.facets.day;
  return isPair ? [{ facets: one.facets, start: one.both!, end: other.both! }] : pairs;
}

/** The columns that name rows: of several the leading ones, or the one behind the times. */
function labelColumns(columns: readonly Column[], body: readonly Cells[]): number[] {
  const named = columns.filter(
    ({ at, role }) => role === 'label' && body.some((row) => /[\p{L}\p{N}]/u.test(row[at] ?? '')),
  );
  return named.slice(0, 2).map(({ at }) => at);
}

/** More rows are called after grades, schools, rooms or kinds of day than after parts of a day. */
function rowsAreDays(names: readonly string[]): boolean {
  let asDays = 0;
  let asParts = 0;
  for (const name of names) {
    const { grades, school, day } = facetsOf(name);
    const activity = activityOf(name);
    if (['class', 'lunch', 'recess', 'passing', 'dismissal', 'start'].includes(activity)) asParts++;
    else if (grades || school !== undefined || day || /^(?:room|mrs?\.|ms\.)\b/i.test(name)) asDays++;
    else if (activity === 'day') asDays++;
  }
  return asDays > asParts;
}

function readDays(
  body: readonly Cells[],
  columns: readonly Column[],
  pairs: readonly TimeColumns[],
  nameOf: (row: Cells) => string,
  place: Facets,
  days: PrintedDays,
): void {
  for (const row of body) {
    const name = nameOf(row);
    const own = facetsOf(name);
    const breaks = columns.flatMap((column) => breakOf(row, column));
    for (const pair of pairs) {
      const facets = below(below(place, pair.facets), own);
      const { start, end } = timesOf(row, pair);
      if (facets.aside || !start || !end) continue;
      days.add(facets, [{ label: name, activity: 'whole', start, end }, ...breaks]);
    }
  }
}

/** A cell below `Lunch` or `Recess`. */
function breakOf(row: Cells, { at, role }: Column): DayRow[] {
  if (role !== 'lunch' && role !== 'recess' && role !== 'passing') return [];
  const cell = row[at] ?? '';
  const [span] = timesIn(cell);
  if (span?.end) return [{ label: role, activity: role, start: span.start, end: span.end }];
  const duration = durationIn(cell) ?? (/^\d{1,2}$/.test(cell) ? Number(cell) : undefined);
  return duration === undefined ? [] : [{ label: role, activity: role, duration }];
}

function readParts(
  body: readonly Cells[],
  pairs: readonly TimeColumns[],
  nameOf: (row: Cells) => string,
  place: Facets,
  days: PrintedDays,
): void {
  for (const pair of pairs) {
    const rows = body.flatMap((row): DayRow[] => {
      const { start, end } = timesOf(row, pair);
      if (!start) return [];
      const label = nameOf(row) || withoutTimes(row[pair.both ?? 0] ?? '');
      const activity = activityOf(label, end && end.minutes - start.minutes);
      return [{ label, activity: activity === 'day' ? 'other' : activity, start, ...(end && { end }) }];
    });
    if (rows.length > 0) days.add(below(place, pair.facets), rows);
  }
}

function timesOf(
  row: Cells,
  pair: TimeColumns,
): { readonly start?: PrintedTime; readonly end?: PrintedTime } {
  if (pair.both !== undefined) {
    const [first, second] = timesIn(row[pair.both] ?? '');
    if (first?.end || !second || second.end)
      return { ...(first && { start: first.start }), ...(first?.end && { end: first.end }) };
    return { start: first!.start, end: second.start };
  }
  const start = timesIn(row[pair.start ?? -1] ?? '')[0];
  const end = timesIn(row[pair.end ?? -1] ?? '')[0];
  const first = start?.start;
  const last = end?.end ?? end?.start;
  return { ...(first && { start: first }), ...(last && { end: last }) };
}
