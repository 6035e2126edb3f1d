import type { Command } from 'commander';
import { type CivilDate, civilDate, parseCivilDate } from '../core/calendar/civil-date.ts';
import type { DateRange } from '../core/calendar/window.ts';
import { identifierOf } from '../core/extract/page-key.ts';
import { parsePartitionName } from '../core/lake/layout.ts';
import { OUTCOME_CODES, type OutcomeCode } from '../core/outcome/outcome.ts';
import { extractionOf } from '../core/source/derived.ts';
import { isIdentifier } from '../core/source/identifier.ts';
import { targetsNamed } from '../core/source/partition.ts';
import type { Partition, Source } from '../core/source/source.ts';
import { idFinder } from '../core/targets/raw-target.ts';
import { namesText } from '../core/wording/names.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { findNamed, sourceOf, targetsOf } from './context.ts';
import { UsageError } from './failure.ts';

type Sources = Pick<CommandPlatform, 'sources'>;

/** Which sources, targets and dates a list is about. What is left out narrows nothing. */
export interface FilterOptions {
  readonly source?: string;
  readonly target?: string;
  readonly start?: string;
  readonly end?: string;
}

/** A filter whose names exist and whose dates are dates. */
export interface Filter {
  readonly sources: readonly Source[];
  readonly target: string | undefined;
  /** Both included. */
  readonly start: CivilDate;
  readonly end: CivilDate;
}

const FIRST_DATE = civilDate('1000-01-01');
const LAST_DATE = civilDate('9999-12-31');

/** Adds `--source --target --start --end`. */
export function withFilter(command: Command): Command {
  return withDates(withScope(command));
}

/** Adds `--source --target`. */
export function withScope(command: Command): Command {
  return command
    .option('--source <source>', 'only this source')
    .option('--target <target>', 'only this target');
}

export function withDates(command: Command): Command {
  return command
    .option('--start <date>', 'first date of the partitions, YYYY-MM-DD')
    .option('--end <date>', 'last date of the partitions, YYYY-MM-DD');
}

/** The options as they would be typed again. */
export function filterWords(
  options: FilterOptions & {
    readonly code?: string;
    readonly state?: string;
    readonly kind?: string | undefined;
  },
): string[] {
  const names = ['source', 'target', 'start', 'end', 'code', 'state', 'kind'] as const;
  return names.flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
}

/**
 * Throws a UsageError for a source or target that there is not, a date that does not exist, an end before its
 * start.
 */
export function filterOf(platform: Sources, options: FilterOptions): Filter {
  const dates = datesOf(options);
  return { ...scopeOf(platform, options), ...dates };
}

/** The dates of `withDates`, both included. Throws a UsageError as `filterOf` does. */
export function datesOf({ start, end }: Pick<FilterOptions, 'start' | 'end'>): DateRange {
  const [from, to] = [dateOf('--start', start) ?? FIRST_DATE, dateOf('--end', end) ?? LAST_DATE];
  if (to < from) throw new UsageError(`the end ${to} lies before the start ${from}`, 'swap them');
  return { start: from, end: to };
}

/** A source, and those of its targets that are meant; all where `targets` is undefined. */
export interface Scope {
  readonly source: Source;
  readonly targets: readonly string[] | undefined;
}

/**
 * The sources of these names, which have all of these targets; without a name the sources that have any of
 * them. Throws a UsageError of one line for a source that is not there, and a target that none of them has.
 */
export function scopesOf(
  platform: Sources,
  names: readonly string[],
  targets: readonly string[] | undefined,
): readonly Scope[] {
  if (names.length > 0 || targets === undefined) {
    const named = [...new Set(names)].map((name) => sourceOf(platform, name));
    const sources = names.length > 0 ? named : platform.sources;
    return sources.map((source) => ({ source, targets: targetsOf(source, targets) }));
  }
  const scopes = platform.sources.map((source) => {
    const idOf = idFinder(source, source.targets);
    const known = targets.filter(
      (target) => !('unknown' in targetsNamed(source, source.targets, [idOf(target)])),
    );
    return { source, known: new Set(known), targets: known.map(idOf) };
  });
  const unknown = targets.find((target) => !scopes.some(({ known }) => known.has(target)));
  if (unknown !== undefined) {
    const known = platform.sources.flatMap((source) =>
      source.targets.map(({ id }) => `${source.name}/${id}`),
    );
    throw new UsageError(`there is no target ${JSON.stringify(unknown)}`, `there is: ${namesText(known)}`);
  }
  return scopes.flatMap(({ source, targets: own }) => (own.length > 0 ? [{ source, targets: own }] : []));
}

/** The sources that are meant, and the target, which must be one of theirs. */
export function scopeOf(
  platform: Sources,
  { source, target }: Pick<FilterOptions, 'source' | 'target'>,
): Pick<Filter, 'sources' | 'target'> {
  const names = source === undefined ? [] : [source];
  const scopes = scopesOf(platform, names, target === undefined ? undefined : [target]);
  return {
    sources: scopes.map((scope) => scope.source),
    target: target && (scopes[0]?.targets?.[0] ?? target),
  };
}

export function isInFilter(
  filter: Filter,
  {
    target,
    value = target,
    date,
  }: { readonly target: string; readonly value?: string; readonly date: string },
): boolean {
  return (
    (filter.target === undefined || filter.target === target || filter.target === value) &&
    filter.start <= date &&
    date <= filter.end
  );
}

/** The date of an option; undefined where the option was not given. */
export function dateOf(option: string, text: string | undefined): CivilDate | undefined {
  if (text === undefined) return undefined;
  const date = parseCivilDate(text);
  if (date === undefined)
    throw new UsageError(`${option} ${JSON.stringify(text)} is no date of the calendar`, 'write YYYY-MM-DD');
  return date;
}

/** An outcome code, in any case; a usage error lists the codes. */
export function codeOf(text: string | undefined): OutcomeCode | undefined {
  return oneOf('error code', OUTCOME_CODES, text);
}

/** One of a closed list, in any case; undefined where nothing is asked for. A usage error lists them. */
export function oneOf<T extends string>(
  what: string,
  all: readonly T[],
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  const found = all.find((known) => known.toUpperCase() === text.toUpperCase());
  if (found) return found;
  throw new UsageError(`there is no ${what} ${JSON.stringify(text)}`, `there is: ${all.join(', ')}`);
}

/**
 * `racing/gb/2026-11-17` as a partition of a known source and target; of a table of pages that a model reads
 * also by the true name of the state, `catalog_pages/New York/1861-01-01`.
 */
export function partitionOf(
  platform: Sources,
  text: string,
  isKnown: (source: Source, value: string) => void = (source, value) => void targetsOf(source, [value]),
): { readonly source: Source; readonly partition: Partition } {
  const parsed = parsePartitionName(withoutTrueName(platform, text));
  if (!parsed) {
    throw new UsageError(
      `${JSON.stringify(text)} is no partition`,
      'write source/target/date, as in racing/gb/2025-11-17',
    );
  }
  const source = sourceOf(platform, parsed.source);
  isKnown(source, parsed.partition.value);
  return { source, partition: parsed.partition };
}

/** The same with the identifier that stands for the state in the lake. */
function withoutTrueName({ sources }: Sources, text: string): string {
  const [name = '', state = '', ...more] = text.split('/');
  const source = findNamed(sources, name);
  const isTrueName = source && extractionOf(source) !== undefined && state !== '';
  if (!isTrueName || source.targets.some(({ id }) => id === state)) return text;
  return [name, identifierOf(state), ...more].join('/');
}

/** True for `racing/gb/2026-11-17/4711`, which is deeper than a partition. */
export function isItemName(text: string): boolean {
  return text.split('/').length > 3;
}

/** `racing/gb/2026-11-17/4711` as an item of such a partition. */
export function itemOf(
  platform: Sources,
  text: string,
): { readonly source: Source; readonly partition: Partition; readonly item: string } {
  const at = text.split('/', 3).join('/').length;
  const item = text.slice(at + 1);
  if (!isIdentifier(item))
    throw new UsageError(`${JSON.stringify(text)} is no item`, 'write source/target/date/item');
  return { ...partitionOf(platform, text.slice(0, at)), item };
}
