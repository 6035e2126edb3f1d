import { stepsText } from '../core/advice/render.ts';
import type { CompletenessReport, TargetCompleteness } from '../core/completeness/completeness.ts';
import type { PartitionJudgement } from '../core/completeness/date-status.ts';
import type { DateStatus } from '../core/lake/date-statuses.ts';
import { withdrawnText } from '../core/lake/item-counts.ts';
import { DAY_STATUSES } from '../core/targets/target-day.ts';
import { adviseAt, type Place } from './advice.ts';
import { counted, number } from './list.ts';
import { cellText, printTable } from './print.ts';

/** Lines of one list before the rest is only counted: ten years of missing dates help nobody on a screen. */
const MAX_LINES = 20;

const HEADINGS: readonly (readonly [status: DateStatus, heading: string])[] = [
  ['missing', 'MISSING'],
  ['damaged', 'DAMAGED (the files are not what was committed)'],
  ['held', 'HELD (a version waits for accept or reject)'],
  ['incomplete', 'INCOMPLETE (items failed, are overdue or are there twice, or targets were not crawled)'],
  ['stale', 'STALE (not refreshed by the last run, or nothing is crawled any more)'],
  ['suspicious', 'SUSPICIOUS (improbably few items, or some that had rows were taken away)'],
  ['open', 'OPEN (neither complete nor incomplete yet)'],
];
const WITHDRAWN = 'WITHDRAWN (they had rows, and the index took them away)';

/**
 * The completeness of one source, for a person: figures, then every date that is not as it should be, then
 * the verdict.
 */
export function printCompleteness(report: CompletenessReport, place: Place): void {
  const { source, start, end, targets } = report;
  console.log(`\nCompleteness of ${source}, ${start} to ${end}; items per day:`);
  printTable(
    [
      // In JSON, CSV and SQL it keeps the name that saved statements have.
      { name: 'target', title: 'value' },
      ...[
        'Days',
        'Mean',
        'Median',
        'Std Dev',
        'Min',
        'Max',
        'expected',
        'failed',
        'carried over',
        ...BESIDE.filter((name) => targets.some(({ items }) => items[name] > 0)),
        'rows',
      ].map((name) => ({
        name,
        ...number,
      })),
    ],
    targets.map(figuresOf),
  );
  printTargets(report);
  for (const { target, skipped } of targets) {
    if (skipped)
      console.log(
        `${source}/${target} is skipped since ${skipped.since} (${cellText(skipped.reason)}); ${stepsText(adviseAt(place, { kind: 'flagged-target', source, target }))}`,
      );
  }
  const all = targets.flatMap(({ target, dates }) => dates.map((date) => ({ target, ...date })));
  for (const [status, heading] of HEADINGS)
    printDateList(
      source,
      heading,
      all.filter((date) => date.status === status),
      ({ reason }) => reason,
    );
  printDateList(
    source,
    WITHDRAWN,
    // A suspicious date names them in its reason.
    all.filter(({ withdrawn, status }) => withdrawn > 0 && status !== 'suspicious'),
    ({ withdrawn, withdrawnItems }) => withdrawnText(withdrawnItems, withdrawn),
  );
  console.log(verdictLine(report));
}

/** Where each target has its own time: how they stood, every date of each counted once. */
function printTargets({ source, table, targets }: CompletenessReport): void {
  const rows = targets.flatMap(({ target: value, dates }) => {
    const days = dates.flatMap((date) => date.targets ?? []);
    const sum = (of: (typeof TARGET_COUNTS)[number]) => days.reduce((total, day) => total + day[of], 0);
    return days.length === 0
      ? []
      : [{ value, ...Object.fromEntries(TARGET_COUNTS.map((of) => [of, sum(of)])) }];
  });
  if (rows.length === 0) return;
  console.log(`Targets of ${source}, by partition of ${table}:`);
  printTable(
    [{ name: 'value' }, ...TARGET_COUNTS.map((name) => ({ name, title: name.replace('_', ' '), ...number }))],
    rows,
  );
}

function printDateList(
  source: string,
  heading: string,
  found: readonly (PartitionJudgement & { readonly target: string })[],
  textOf: (date: PartitionJudgement) => string | null,
): void {
  if (found.length === 0) return;
  console.log(`${heading}:`);
  for (const date of found.slice(0, MAX_LINES)) {
    const text = textOf(date);
    console.log(`  ${source}/${date.target}/${date.date}${text === null ? '' : `: ${cellText(text)}`}`);
  }
  if (found.length > MAX_LINES)
    console.log(`  and ${found.length - MAX_LINES} more (--json or --csv lists them all)`);
}

/** Of the targets of a date: those that were due, then all by how they stood. */
export const TARGET_COUNTS = ['expected', ...DAY_STATUSES] as const;

/** Columns that are there only where something is in them. */
const BESIDE = ['pending', 'abandoned', 'void', 'empty', 'withdrawn'] as const;

function figuresOf({ target, statistics, items, rows }: TargetCompleteness): Record<string, unknown> {
  const { carried, ...counts } = items;
  const figures = { target, ...counts, 'carried over': carried, rows };
  if (!statistics) return { ...figures, Days: 0 };
  const { days, mean, median, stddev, min, max } = statistics;
  return {
    ...figures,
    Days: days,
    Mean: mean.toFixed(1),
    Median: median,
    'Std Dev': stddev === null ? '' : stddev.toFixed(1),
    Min: min,
    Max: max,
  };
}

/** How complete a source is, in one line. */
export function verdictLine({ source, verdict, reasons, partitions, targets }: CompletenessReport): string {
  const all = counted(
    Object.values(partitions).reduce((sum, count) => sum + count, 0),
    'partition',
  );
  const withdrawn = targets.reduce((sum, { items }) => sum + items.withdrawn, 0);
  const more = [
    ...(verdict === 'incomplete' && partitions.suspicious > 0 ? [`${partitions.suspicious} suspicious`] : []),
    ...(verdict !== 'open' && partitions.open > 0 ? [`${partitions.open} open`] : []),
    ...(withdrawn > 0 ? [`${counted(withdrawn, 'item')} withdrawn`] : []),
  ];
  const tail = more.map((text) => `; ${text}`).join('');
  switch (verdict) {
    case 'complete':
      return `${source}: COMPLETE, ${all}${tail}`;
    case 'open':
      return `${source}: OPEN, ${partitions.open} open of ${all}, nothing is missing so far${tail}`;
    case 'suspicious':
    case 'incomplete': {
      const why = reasons.map((reason) => `${reason.partitions} ${reason.status}`).join(', ');
      return `${source}: ${verdict.toUpperCase()}, ${why} of ${all}${tail}`;
    }
  }
}
