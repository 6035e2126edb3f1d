import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepsText } from '../core/advice/render.ts';
import { civilDateAt } from '../core/calendar/window.ts';
import {
  type CompletenessQuery,
  type CompletenessReport,
  completeness,
  type TargetCompleteness,
} from '../core/completeness/completeness.ts';
import type { DateStatus, PartitionJudgement } from '../core/completeness/date-status.ts';
import { checkLake, type LakeCheck } from '../core/completeness/lake-check.ts';
import { withdrawnText } from '../core/lake/item-counts.ts';
import { currentDamage } from '../core/lake/whole-version.ts';
import { windowDaysOf } from '../core/source/cadence.ts';
import type { Source } from '../core/source/source.ts';
import { DAY_STATUSES } from '../core/targets/target-day.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { windowOf, withPlatform } from './context.ts';
import { type CsvTarget, printCsv } from './csv-output.ts';
import { DamagedLakeError, IncompleteCommand, UsageError } from './failure.ts';
import { scopesOf } from './filter.ts';
import { printItems } from './json.ts';
import { completenessRecord, judgementRecord } from './json-records.ts';
import { printLakeCheck } from './lake-check.ts';
import { counted, type ListOptions, number, refuseTwoFormats, withCsv } from './list.ts';
import { cellText, printTable } from './print.ts';

interface CompletenessOptions extends ListOptions {
  readonly lake?: boolean;
  readonly exitCode?: boolean;
  readonly start?: string;
  readonly end?: string;
  readonly target?: string[];
}

/** Dates that are judged of a source whose run has one date: a nightly check sees how yesterday ended. */
const DAYS_OF_EVERY = 7;

function daysJudged({ cadence }: Source): number {
  return cadence.kind === 'every' ? DAYS_OF_EVERY : windowDaysOf(cadence);
}

export function completenessCommand(): Command {
  return withCsv(newCommand('completeness'))
    .argument('[source]', 'only this source (default: all)')
    .option(
      '--start <date>',
      'first date, YYYY-MM-DD (default: the window of the source, or the last 7 days)',
    )
    .option('--end <date>', 'last date, YYYY-MM-DD (default: today in the time zone of the source)')
    .option('--target <target...>', 'only these targets; without a source, of every source that has them')
    .option('--lake', 'also read every current file, and hold it against what was committed')
    .option(
      '--exit-code',
      'end with exit code 3 where the data is incomplete or suspicious: for cron; dates that are still open are neither',
    )
    .addHelpText(
      'after',
      examples(
        'completeness racing',
        'completeness racing --start 2025-01-01 --end 2025-11-17 --target gb',
        'completeness racing --lake',
        'completeness racing --exit-code',
        'completeness --csv > completeness.csv',
      ),
    )
    .action(async (name: string | undefined, options: CompletenessOptions, command: Command) => {
      await withPlatform(command, async (platform, globals) => {
        refuseTwoFormats({ ...globals, ...options });
        if (options.csv && options.lake)
          throw new UsageError('--lake prints text or JSON', 'leave --csv away');
        const scopes = scopesOf(platform, name === undefined ? [] : [name], options.target);
        const answers: Answer[] = [];
        for (const { source, targets } of scopes) {
          const now = platform.clock.now();
          const asked = {
            ...windowOf(source, now, options, daysJudged(source)),
            ...(targets && { targets }),
          };
          const today = civilDateAt(now, source.timeZone);
          const damageOf = damageIn(platform, source);
          const { lake } = platform;
          const report = await completeness(platform.state, source, {
            ...asked,
            today,
            now,
            lake,
            ...damageOf,
          });
          answers.push(options.lake ? { ...report, lake: await checkLake(platform, source, asked) } : report);
        }
        printAnswers(answers, { ...globals, ...options });
        const findings = answers.flatMap(({ lake }) => lake?.findings ?? []);
        if (findings.length > 0) {
          throw new DamagedLakeError(
            `the lake is not as it was committed: ${counted(findings.length, 'finding')}, the first at ${findings[0]?.partition}`,
            findings[0]?.whatToDo,
          );
        }
        if (options.exitCode) refuseDoubt(answers);
      });
    });
}

/** Throws where a source is not, or perhaps not, complete. */
function refuseDoubt(answers: readonly Answer[]): void {
  const named = (['incomplete', 'suspicious'] as const).flatMap((verdict) => {
    const sources = answers.filter((answer) => answer.verdict === verdict).map(({ source }) => source);
    return sources.length > 0 ? [`${verdict}: ${sources.join(', ')}`] : [];
  });
  if (named.length > 0)
    throw new IncompleteCommand(
      named.join('; '),
      stepsText(advise({ kind: 'ended', as: 'incomplete-dates' })),
    );
}

/** Here the files are looked at; in a stack that would be a request for each, and `--lake` makes them. */
function damageIn(platform: CommandPlatform, source: Source): Pick<CompletenessQuery, 'damageOf'> {
  if (isStack(platform)) return {};
  const { lake, verified } = platform;
  return {
    damageOf: async (partition) => (await currentDamage(lake, verified, source.table, partition))?.message,
  };
}

/** A report, with what the files say where that was asked for. */
type Answer = CompletenessReport & { readonly lake?: LakeCheck };

function printAnswers(
  answers: readonly Answer[],
  { json, csv }: { readonly json?: boolean; readonly csv?: CsvTarget },
): void {
  if (json) printItems(answers.map(answerRecord));
  else if (csv) printDates(answers, csv);
  else answers.forEach(printAnswer);
}

function answerRecord({ lake, ...report }: Answer): object {
  return { ...completenessRecord(report), ...(lake && { lake }) };
}

function printAnswer({ lake, ...report }: Answer): void {
  printCompleteness(report);
  if (lake) printLakeCheck(report.source, lake);
}

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
export function printCompleteness(report: CompletenessReport): void {
  const { source, start, end, targets } = report;
  console.log(`\nCompleteness of ${source}, ${start} to ${end}; items per day:`);
  printTable(
    [
      { name: 'target' },
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
        `${source}/${target} is skipped since ${skipped.since} (${cellText(skipped.reason)}); ${stepsText(advise({ kind: 'flagged-target', source, target }))}`,
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

const TARGET_COUNTS = ['expected', ...DAY_STATUSES] as const;

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

const DATE_COLUMNS = [
  ...['source', 'target', 'date', 'status', 'items_expected', 'items_found', 'items_empty', 'items_failed'],
  ...['items_carried', 'items_pending', 'items_abandoned', 'items_void', 'items_withdrawn', 'rows'],
  ...['fresh_at', 'reason', ...TARGET_COUNTS.map((name) => `targets_${name}`)],
];

/** A line for each date of each target. */
function printDates(reports: readonly CompletenessReport[], csv: CsvTarget): void {
  const rows = reports.flatMap(({ source, targets }) =>
    targets.flatMap(({ target, dates }) =>
      dates.map((date) => ({
        ...judgementRecord(source, target, date),
        ...Object.fromEntries(TARGET_COUNTS.map((name) => [`targets_${name}`, date.targets?.[name] ?? null])),
      })),
    ),
  );
  printCsv(DATE_COLUMNS, rows, csv);
}
