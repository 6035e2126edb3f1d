import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepsText } from '../core/advice/render.ts';
import { civilDateAt, type DateRange } from '../core/calendar/window.ts';
import { ALL_DATES, type CompletenessReport, completeness } from '../core/completeness/completeness.ts';
import { checkLake, type LakeCheck } from '../core/completeness/lake-check.ts';
import type { CompletenessQuery } from '../core/completeness/query.ts';
import { currentDamage } from '../core/lake/whole-version.ts';
import { windowDaysOf } from '../core/source/cadence.ts';
import { extractionOf } from '../core/source/derived.ts';
import type { Source } from '../core/source/source.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { adviseAt, type Place } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { printCompleteness, TARGET_COUNTS } from './completeness-text.ts';
import { windowOf, withPlatform } from './context.ts';
import { type CsvTarget, printCsv } from './csv-output.ts';
import { DamagedLakeError, IncompleteCommand, UsageError } from './failure.ts';
import { scopesOf } from './filter.ts';
import { printItems } from './json.ts';
import { completenessRecord, judgementRecord } from './json-records.ts';
import { lakeRecord, printLakeCheck } from './lake-check.ts';
import { counted, type ListOptions, refuseTwoFormats, withCsv } from './list.ts';

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

/** Of pages that a model reads the dates of all books, whatever the day is today. */
function rangeOf(source: Source, now: number, asked: CompletenessOptions): DateRange {
  const isAnyDate = asked.start === undefined && asked.end === undefined;
  if (isAnyDate && extractionOf(source) !== undefined) return ALL_DATES;
  return windowOf(source, now, asked, daysJudged(source));
}

export function completenessCommand(): Command {
  return withCsv(newCommand('completeness'))
    .argument('[source]', 'only this source (default: all)')
    .option(
      '--start <date>',
      'first date, YYYY-MM-DD (default: the window of the source, or the last 7 days; of books all)',
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
            ...rangeOf(source, now, options),
            ...(targets && { targets }),
          };
          const today = civilDateAt(now, source.timeZone);
          const damageOf = damageIn(platform, source, globals.place);
          const { lake } = platform;
          const report = await completeness(platform.state, source, {
            ...asked,
            today,
            now,
            lake,
            sources: platform.sources,
            ...damageOf,
          });
          answers.push(options.lake ? { ...report, lake: await checkLake(platform, source, asked) } : report);
        }
        printAnswers(answers, { ...globals, ...options });
        const findings = answers.flatMap(({ lake }) => lake?.findings ?? []);
        if (findings.length > 0) {
          throw new DamagedLakeError(
            `the lake is not as it was committed: ${counted(findings.length, 'finding')}, the first at ${findings[0]?.partition}`,
            findings[0]?.next,
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
    throw new IncompleteCommand(named.join('; '), advise({ kind: 'ended', as: 'incomplete-dates' }));
}

/** Here the files are looked at; in a stack that would be a request for each, and `--lake` makes them. */
function damageIn(
  platform: CommandPlatform,
  source: Source,
  place: Place,
): Pick<CompletenessQuery, 'damageOf'> {
  if (isStack(platform)) return {};
  const { lake, verified } = platform;
  return {
    damageOf: async (partition) => {
      const damage = await currentDamage(lake, verified, source.table, partition);
      if (!damage) return undefined;
      const { problem, mends } = damage;
      const next = adviseAt(place, { kind: 'damage', mends, source: source.name, partition });
      return [problem, stepsText(next, { alternatives: true })].filter((text) => text !== '').join('; ');
    },
  };
}

/** A report, with what the files say where that was asked for. */
type Answer = CompletenessReport & { readonly lake?: LakeCheck };

function printAnswers(
  answers: readonly Answer[],
  { json, csv, place }: { readonly json?: boolean; readonly csv?: CsvTarget; readonly place: Place },
): void {
  if (json) printItems(answers.map((answer) => answerRecord(answer, place)));
  else if (csv) printDates(answers, csv);
  else for (const answer of answers) printAnswer(answer, place);
}

function answerRecord({ lake, ...report }: Answer, place: Place): object {
  return { ...completenessRecord(report), ...(lake && { lake: lakeRecord(lake, place) }) };
}

function printAnswer({ lake, ...report }: Answer, place: Place): void {
  printCompleteness(report, place);
  if (lake) printLakeCheck(report.source, lake, place);
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
