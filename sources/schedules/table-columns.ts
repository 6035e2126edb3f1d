import { type Facets, facetsOf } from './context.ts';
import { gradesOfList, levelsOf } from './grades.ts';
import { timesIn } from './times.ts';

export type ColumnRole = 'label' | 'range' | 'start' | 'end' | 'lunch' | 'recess' | 'passing' | 'length';

export interface Column {
  readonly at: number;
  readonly role: ColumnRole;
  readonly facets: Facets;
}

/** Two columns, or one with ranges or times, that hold the times of one kind of day. */
export interface TimeColumns {
  readonly facets: Facets;
  readonly start?: number;
  readonly end?: number;
  /** A column whose cells say both, or single times of what the row is called. */
  readonly both?: number;
}

const START = /\b(?:starts?|begins?|opens?|in|from|tardy)\b/i;
const END = /\b(?:ends?|dismiss\w*|releases?|out|finish\w*|closes?|until)\b/i;
const ROLES: readonly (readonly [ColumnRole, RegExp])[] = [
  ['length', /\blength\b|\bminutes\b|\bduration\b|\bmins?\b|\btotal\b/i],
  ['lunch', /\blunch\b/i],
  ['recess', /\brecess\b|\bbreaks?\b/i],
  ['passing', /\bpassing\b/i],
];

/** What the columns of a table hold, by their heads (one text a column) and the rows below. */
export function columnsOf(heads: readonly string[], body: readonly (readonly string[])[]): Column[] {
  const width = body[0]?.length ?? 0;
  const bare = bareGrades(heads);
  return Array.from({ length: width }, (_, at) => {
    const head = heads[at] ?? '';
    const cells = body.map((row) => row[at] ?? '').filter((cell) => cell !== '');
    const facets = { ...facetsOf(head), ...(bare?.[at] && { grades: bare[at] }) };
    return { at, role: roleOf(head, cells, at === 0), facets };
  });
}

function roleOf(head: string, cells: readonly string[], isFirst: boolean): ColumnRole {
  const spans = cells.map((cell) => timesIn(cell));
  const timed = spans.filter((found) => found.length > 0).length;
  const named = ROLES.find(([, pattern]) => pattern.test(head))?.[0];
  if (named && !(isFirst && timed === 0)) return named;
  const ranges = spans.filter(([first]) => first?.end !== undefined).length;
  if (timed === 0 || timed * 3 < cells.length) return 'label';
  if (ranges * 2 >= timed) return 'range';
  const [starts, ends] = [START.test(head), END.test(head)];
  if (starts !== ends) return starts ? 'start' : 'end';
  return 'range';
}

/** Heads like `TK K 1 2 3`: numbers are grades where a letter beside them is one. */
function bareGrades(heads: readonly string[]): (Facets['grades'] | undefined)[] | undefined {
  const isGrade = (head: string) =>
    /^(?:PK|TK|K|Kinder(?:garten)?|1[0-2]|[1-9])(?:st|nd|rd|th)?$/i.test(head.trim());
  const found = heads.filter(isGrade);
  if (
    found.length < 2 ||
    !(found.some((head) => !/^\d/.test(head)) || heads.some((head) => /grade/i.test(head)))
  )
    return undefined;
  const all = levelsOf([...new Set(found.flatMap(gradesOfList))]);
  return heads.map((head) => {
    if (!isGrade(head)) return undefined;
    const numbers = gradesOfList(head);
    // The sixth grade of a school with kindergartens is no middle school.
    const own = levelsOf(numbers).filter((level) => all.includes(level));
    return { numbers, levels: own.length > 0 ? own : all };
  });
}

/** The columns of times, paired: a head `Early dismissal` beside `Start` and `End` shares the start. */
export function timeColumnsOf(columns: readonly Column[]): TimeColumns[] {
  const pairs: TimeColumns[] = [];
  let start: Column | undefined;
  let isUsed = true;
  const timed = columns.filter(({ role }) => role === 'range' || role === 'start' || role === 'end');
  for (const column of timed) {
    const { at, facets, role } = column;
    if (role === 'start') {
      if (start && !isUsed) pairs.push({ facets: start.facets, start: start.at });
      start = column;
      isUsed = false;
    } else if (role === 'end') {
      pairs.push({ facets: { ...start?.facets, ...facets }, ...(start && { start: start.at }), end: at });
      isUsed = true;
    } else pairs.push({ facets, both: at });
  }
  if (start && !isUsed) pairs.push({ facets: start.facets, start: start.at });
  return pairs;
}
