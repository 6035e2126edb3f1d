import { activityOf, BREAKS, namesBreak } from './activity.ts';
import type { Block } from './blocks.ts';
import { below, type Context, type Facets, facetsOf } from './context.ts';
import type { DayRow, PrintedDays } from './printed-day.ts';
import { durationIn, type TimeSpan, tidy, timesIn } from './times.ts';

type Line = Pick<Extract<Block, { kind: 'line' }>, 'text' | 'own' | 'strong'>;

/** Characters; a longer text is a sentence. */
const LONGEST_LABEL = 60;
/** Characters; a line of a label says no more. */
const LONGEST_HEADING = 120;
/** Ends of clauses: `;`, `|`, and a full stop before a capital behind words. */
const CLAUSE_END =
  /;|\s\|\s|(?<=[a-z]{3,20}\)?)\.\s+(?=[A-Z])|(?<=\b[ap]\.m\.)\s+(?=(?:The|All|At|In|Our|Students|Classes|School|Elementary|Middle|High)\b)/;

/** Reads one line of text: a label for what follows, or times with what they are the times of. */
export function readLine({ text, own, strong }: Line, context: Context, days: PrintedDays): void {
  if (timesIn(text).length === 0) {
    const isLabel =
      strong || text.length <= LONGEST_LABEL || (text.endsWith(':') && text.length <= LONGEST_HEADING);
    if (isLabel && text.length <= LONGEST_HEADING && (strong || !/[a-z]{3}[.!?]$/.test(text)))
      readUntimed({ text, own, strong }, context, days);
    return;
  }
  let told: Facets = {};
  for (const clause of text.split(CLAUSE_END)) told = readClause(clause, context, days, told);
}

/** `Lunch: 30 minutes` belongs to the day above it; anything else is a label. */
function readUntimed({ text, own, strong }: Line, context: Context, days: PrintedDays): void {
  const duration = durationIn(text);
  const activity = activityOf(text);
  if (duration === undefined) {
    if (context.label(text, own, strong)) days.close();
  } else if (activity === 'lunch' || activity === 'recess')
    days.append(context.facets(), { label: text, activity, duration });
}

/**
 * Text that belongs to each time: what stands before it, or behind it where the clause begins with a time.
 */
function labelsOf(clause: string, spans: readonly TimeSpan[]): string[] {
  const between = [...spans, undefined].map((span, at) =>
    clause.slice(at === 0 ? 0 : spans[at - 1]!.to, span?.from ?? clause.length),
  );
  const isTimeFirst = !/[\p{L}\p{N}]/u.test(between[0]!);
  return spans.map((_, at) => (isTimeFirst ? between[at + 1]! : between[at]!));
}

function readClause(clause: string, context: Context, days: PrintedDays, before: Facets): Facets {
  const spans = timesIn(clause);
  const labels = labelsOf(clause, spans);
  let told = before;
  let prose: { readonly facets: Facets; readonly rows: DayRow[] } | undefined;
  for (const [at, span] of spans.entries()) {
    const label = tidy(labels[at]!);
    const facets = facetsOf(label, label.length > LONGEST_LABEL ? 'prose' : 'label');
    // Before and after care stand beside the day in one line.
    const activity = activityOf(label, span.end && span.end.minutes - span.start.minutes);
    if (facets.aside) {
      told = { ...told, ...facets };
      continue;
    }
    if (told.aside && !facets.grades && !facets.day && /^[\s,/&-]*(?:and)?$/i.test(label)) continue;
    const { aside: _, ...kept } = told;
    told = facets.grades ? facets : { ...kept, ...facets };
    const place = below(context.facets(), told);
    if (place.aside) continue;
    if (span.end) {
      const behind = clause.slice(span.to, spans[at + 1]?.from ?? clause.length);
      const name = behind === labels[at] ? label : `${label} ${breaksIn(behind)}`.trim();
      readRange(label, { label: name, activity, start: span.start, end: span.end }, told, context, days);
      continue;
    }
    const point = pointOf(label, activity);
    if (point === undefined) continue;
    const row: DayRow = { label, activity: point, start: span.start };
    if (!told.grades && !told.day) days.append(context.facets(), row);
    else if (prose && JSON.stringify(prose.facets) === JSON.stringify(place)) prose.rows.push(row);
    else prose = days.add(place, [row]);
  }
  return told;
}

/** What is said behind times of a break within them: `8:00-3:00 (30 min lunch)`. */
function breaksIn(behind: string): string {
  const said =
    /^\s{0,3}(?:\([^)]{1,80}\)|,?\s{0,3}(?:includ|with\b|w\/)[^,;]{1,80})/i.exec(behind)?.[0] ?? '';
  return BREAKS.some((kind) => namesBreak(said, kind)) ? said : '';
}

function readRange(
  label: string,
  row: DayRow & Required<Pick<DayRow, 'start' | 'end'>>,
  told: Facets,
  context: Context,
  days: PrintedDays,
): void {
  const { activity, start } = row;
  const isPart = ['class', 'lunch', 'recess', 'passing'].includes(activity);
  if (isPart) {
    const isOfGrade = activity !== 'class' && told.grades !== undefined;
    days.append(isOfGrade ? context.facets() : below(context.facets(), withoutGradesOf(told)), row);
    return;
  }
  if (activity === 'dismissal') {
    days.append(below(context.facets(), told), { label, activity, start });
    return;
  }
  const isWhole =
    told.grades ||
    told.day ||
    told.school !== undefined ||
    activity === 'day' ||
    label === '' ||
    activity === 'start';
  if (isWhole) days.add(below(context.facets(), told), [{ ...row, activity: 'whole' }]);
  else days.append(context.facets(), row);
}

function withoutGradesOf(told: Facets): Facets {
  const { grades: _, ...rest } = told;
  return rest;
}

/** What a single time is: the verb before it says so. */
function pointOf(label: string, activity: DayRow['activity']): 'start' | 'dismissal' | undefined {
  const verb = /.*\b(begin|start|tardy|commence|dismiss|end|release|conclude|out|over|let)\w*/i.exec(
    label,
  )?.[1];
  if (activity === 'dismissal' || (verb && /^(?:dismiss|end|release|conclude|out|over|let)/i.test(verb)))
    return 'dismissal';
  if (activity === 'start' || verb) return 'start';
  return activity === 'class' ? 'start' : undefined;
}
