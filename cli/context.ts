import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Subject } from '../core/advice/subject.ts';
import { checkWindow, civilDateAt, type DateRange, windowFor } from '../core/calendar/window.ts';
import { knownTargets } from '../core/completeness/known-targets.ts';
import { type PipelineEvent, problemWith } from '../core/platform.ts';
import { movedFrom } from '../core/publish/moved-lake.ts';
import { windowDaysOf } from '../core/source/cadence.ts';
import { extractionOf, isScraped, notScrapedText } from '../core/source/derived.ts';
import { targetsNamed } from '../core/source/partition.ts';
import type { Source } from '../core/source/source.ts';
import type { InvalidSource } from '../core/source/sources-together.ts';
import { idFinder } from '../core/targets/raw-target.ts';
import { namesText } from '../core/wording/names.ts';
import { type CommandPlatform, isStack, openPlatform, type PlatformChoice } from '../runtime/platform-for.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { cellText } from './print.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly local: string;
  readonly stack?: string;
  readonly json?: boolean;
  /** `--stack` or `--local` as they were typed, for a command that is to be typed next. */
  readonly place: readonly string[];
}

export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (options.local.trim() === '')
    throw new UsageError('--local names no directory', 'name one, or leave it out');
  if (options.stack !== undefined && isLocalGiven(command))
    throw new UsageError('--local and --stack exclude each other', 'choose one');
  return { ...options, place: placeOf(command) };
}

/** See `GlobalOptions`. */
export function placeOf(command: Command): readonly string[] {
  const { local, stack } = command.optsWithGlobals<GlobalOptions>();
  if (stack !== undefined) return ['--stack', stack];
  return isLocalGiven(command) ? ['--local', local] : [];
}

export function isLocalGiven(command: Command): boolean {
  return command.getOptionValueSourceWithGlobals('local') === 'cli';
}

/**
 * Opens the platform of the command, hands it over, and closes it however that ends. `part`: see
 * `PlatformChoice`.
 */
export async function withPlatform<T>(
  command: Command,
  use: (platform: CommandPlatform, options: GlobalOptions) => Promise<T>,
  onEvent?: (event: PipelineEvent) => void,
  part: Pick<PlatformChoice, 'runs' | 'statement'> = {},
): Promise<T> {
  const options = globalOptions(command);
  // A reader of a mistyped directory must not take its emptiness for good news.
  if (options.stack === undefined && command.name() !== 'run' && !existsSync(options.local))
    console.error(`note: there was nothing at ${cellText(options.local)}; no run has ever used it`);
  const opened = await openPlatform({ ...options, ...part }, process.env, onEvent);
  const platform = await withRegisteredTargets(opened);
  warnOfInvalid(platform.invalidSources ?? [], command);
  try {
    const from = isStack(platform) || command.name() === 'run' ? undefined : await movedFrom(platform);
    if (from !== undefined)
      console.error(
        `note: this lake was copied or moved from ${cellText(from)} with its state; its own files are read, and the next run tells its manifests`,
      );
    return await use(platform, options);
  } finally {
    await platform.close();
  }
}

/** Sources that a command about scraping knows, in order to refuse them. */
interface DerivedTables {
  readonly derivedTables?: readonly Source[];
}

/** As `withPlatform`, for a command about scraping: it has no business with tables that are derived. */
export function withScrapedSources<T>(
  command: Command,
  use: (platform: CommandPlatform, options: GlobalOptions) => Promise<T>,
  onEvent?: (event: PipelineEvent) => void,
): Promise<T> {
  return withPlatform(command, (platform, options) => use(scrapedOnly(platform), options), onEvent);
}

/** Without the tables that are derived, whose names it refuses in words of their own. */
export function scrapedOnly(platform: CommandPlatform): CommandPlatform & DerivedTables {
  return {
    ...platform,
    sources: platform.sources.filter(isScraped),
    derivedTables: platform.sources.filter((source) => !isScraped(source)),
  };
}

/** Tells of the sources that cannot be run; of one that is asked for the command itself tells. */
export function warnOfInvalid(invalidSources: readonly InvalidSource[], command: Command): void {
  const asked = [...command.args, command.opts<{ source?: string }>().source];
  for (const { name, problem } of invalidSources)
    if (!asked.includes(name)) console.error(`warning: ${cellText(problem)}`);
}

/** With the targets that were registered, so that names can be held against them. */
async function withRegisteredTargets(platform: CommandPlatform): Promise<CommandPlatform> {
  if (platform.sources.every(({ register }) => !register)) return platform;
  const sources: Source[] = [];
  for (const source of platform.sources)
    sources.push({ ...source, targets: await knownTargets(platform.state, source, platform.sources) });
  return { ...platform, sources };
}

/** By its name, or that of its table. */
export function findNamed(sources: readonly Source[], name: string): Source | undefined {
  return sources.find((source) => source.name === name) ?? sources.find(({ table }) => table.name === name);
}

/** The source of that name, or a usage error that lists what there is. */
export function sourceOf(
  platform: Pick<CommandPlatform, 'sources' | 'invalidSources'> & DerivedTables,
  name: string,
): Source {
  const source = findNamed(platform.sources, name);
  if (source) return source;
  const derived = findNamed(platform.derivedTables ?? [], name);
  if (derived) throw new UsageError(notScrapedText({ ...derived, name }), whatFills(derived));
  const problem = problemWith(platform, name);
  if (problem !== undefined) throw new FailedCommand(problem);
  const known = platform.sources.map((candidate) => candidate.name).join(', ');
  throw new UsageError(`there is no source ${JSON.stringify(name)}`, `there is: ${known}`);
}

/** What brings rows into a table that is derived. */
function whatFills(derived: Source): Subject {
  const as = extractionOf(derived) === undefined ? 'table-of-entities' : 'table-of-pages';
  return { kind: 'ended', as };
}

/**
 * Targets that the source has, each by its id (also one that lost its zeros in front) or by the value of its
 * partitions, or a usage error that lists them.
 */
export function targetsOf(
  source: Source,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  const ids = asked?.map(idFinder(source, source.targets));
  const named = targetsNamed(source, source.targets, ids);
  if (!('unknown' in named)) return ids;
  if (!isScraped(source) && source.targets.length === 0)
    throw new UsageError(`nothing of ${source.name} is published yet`, whatFills(source));
  const known = namesText(source.targets.map(({ id }) => id)) || 'none; targets are to be registered first';
  throw new UsageError(
    `source ${source.name} has no target ${JSON.stringify(named.unknown)}`,
    `it has: ${known}`,
  );
}

/**
 * `--start` and `--end` as a window; what is left out comes from the source's own cadence, or is the last
 * `windowDays` dates.
 */
export function windowOf(
  source: Source,
  now: number,
  asked: { readonly start?: string | undefined; readonly end?: string | undefined },
  windowDays: number = windowDaysOf(source.cadence),
): DateRange {
  const today = civilDateAt(now, source.timeZone);
  const usual = windowFor({ now, timeZone: source.timeZone, windowDays });
  if (asked.start === undefined && asked.end === undefined) return usual;
  const end = asked.end ?? today;
  const checked = checkWindow(asked.start ?? end, end, today);
  if (checked.kind === 'invalid') throw new UsageError(checked.message);
  return checked.window;
}
