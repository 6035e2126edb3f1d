import type { Command } from 'commander';
import {
  type CompletenessReport,
  completeness,
  type TargetCompleteness,
} from '../core/audit/completeness.ts';
import type { DateStanding, DateStatus } from '../core/audit/date-standing.ts';
import { civilDateAt } from '../core/window/window.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, targetsOf, windowOf, withPlatform } from './context.ts';
import { printCsv } from './csv-output.ts';
import { counted, type ListOptions, number, refuseTwoFormats, withCsv } from './list.ts';
import { cellText, printJson, printTable } from './print.ts';

interface CompletenessOptions extends ListOptions {
  readonly start?: string;
  readonly end?: string;
  readonly target?: string[];
}

export function completenessCommand(): Command {
  return withCsv(newCommand('completeness'))
    .description(
      'tell how complete the data is: statistics, suspicious, missing, incomplete, held and stale dates',
    )
    .argument('[source]', 'only this source (default: all)')
    .option('--start <date>', 'first date, YYYY-MM-DD (default: the window of the source)')
    .option('--end <date>', 'last date, YYYY-MM-DD (default: today in the time zone of the source)')
    .option('--target <target...>', 'only these targets')
    .addHelpText(
      'after',
      examples(
        'completeness racing',
        'completeness racing --start 2025-01-01 --end 2025-11-17 --target gb',
        'completeness --csv > completeness.csv',
      ),
    )
    .action(async (name: string | undefined, options: CompletenessOptions, command: Command) => {
      await withPlatform(command, async (platform, globals) => {
        refuseTwoFormats({ ...globals, ...options });
        const sources = name === undefined ? platform.sources : [sourceOf(platform, name)];
        const reports: CompletenessReport[] = [];
        for (const source of sources) {
          const now = platform.clock.now();
          const targets = targetsOf(source, options.target);
          const query = {
            ...windowOf(source, now, options),
            today: civilDateAt(now, source.timeZone),
            ...(targets && { targets }),
          };
          reports.push(await completeness(platform.state, source, query));
        }
        if (globals.json) printJson(reports.length === 1 ? reports[0] : reports);
        else if (options.csv) printDates(reports);
        else reports.forEach(printCompleteness);
      });
    });
}

/** Lines of one list before the rest is only counted: ten years of missing dates help nobody on a screen. */
const MAX_LINES = 20;

const HEADINGS: readonly (readonly [status: DateStatus, heading: string])[] = [
  ['missing', 'MISSING'],
  ['held', 'HELD (a version waits for accept or reject)'],
  ['incomplete', 'INCOMPLETE (items failed)'],
  ['stale', 'STALE (not refreshed by the last run)'],
  ['suspicious', 'SUSPICIOUS (improbably few items)'],
];

/** The completeness of one source, for a person: figures, then every date that is not as it should be, then the verdict. */
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
        'rows',
      ].map((name) => ({
        name,
        ...number,
      })),
    ],
    targets.map(figuresOf),
  );
  for (const { target, skipped } of targets) {
    if (skipped)
      console.log(
        `${source}/${target} is skipped since ${skipped.since} (${cellText(skipped.reason)}): "rescrape skip remove ${source} ${target}" lifts it`,
      );
  }
  for (const [status, heading] of HEADINGS) {
    const found = targets.flatMap(({ target, dates }) =>
      dates.filter((date) => date.status === status).map((date) => ({ target, ...date })),
    );
    if (found.length === 0) continue;
    console.log(`${heading}:`);
    for (const { target, date, reason } of found.slice(0, MAX_LINES)) {
      console.log(`  ${source}/${target}/${date}${reason === null ? '' : `: ${cellText(reason)}`}`);
    }
    if (found.length > MAX_LINES)
      console.log(`  and ${found.length - MAX_LINES} more (--json or --csv lists them all)`);
  }
  console.log(verdictLine(report));
}

function figuresOf({ target, statistics, items, rows }: TargetCompleteness): Record<string, unknown> {
  const { expected, failed, carried } = items;
  const figures = { target, expected, failed, 'carried over': carried, rows };
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

function verdictLine({ source, verdict, reasons, partitions }: CompletenessReport): string {
  const all = Object.values(partitions).reduce((sum, count) => sum + count, 0);
  const suspicious = partitions.suspicious === 0 ? '' : `; ${partitions.suspicious} suspicious`;
  if (verdict === 'complete') return `${source}: COMPLETE, ${counted(all, 'partition')}${suspicious}`;
  const why = reasons.map((reason) => `${reason.partitions} ${reason.status}`).join(', ');
  return `${source}: INCOMPLETE, ${why} of ${counted(all, 'partition')}${suspicious}`;
}

const DATE_COLUMNS = [
  'source',
  'target',
  'date',
  'status',
  'expected',
  'found',
  'empty',
  'failed',
  'carried',
  'rows',
  'freshAt',
  'reason',
] as const satisfies readonly ('source' | 'target' | keyof DateStanding)[];

/** A line for each date of each target. */
function printDates(reports: readonly CompletenessReport[]): void {
  const rows = reports.flatMap(({ source, targets }) =>
    targets.flatMap(({ target, dates }) => dates.map((date) => ({ source, target, ...date }))),
  );
  printCsv(DATE_COLUMNS, rows);
}
