import type { Command } from 'commander';
import { targetsNamed } from '../core/source/partition.ts';
import type { Source, Target } from '../core/source/source.ts';
import { targetsOf } from './context.ts';
import { IncompleteCommand, NothingToDoError, UsageError } from './failure.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';
import {
  isTargetFiltered,
  type TargetFilterOptions,
  targetMatcher,
  withTargetFilter,
} from './target-filter.ts';

/** Targets by name, by what they are like, or by a file that lists them. */
export interface ChoiceOptions extends TargetFilterOptions {
  readonly targets?: string;
}

/** Adds `[target...]` behind a source, `--targets --state --tier`. */
export function withChoice(command: Command): Command {
  return withTargetsFile(
    withTargetFilter(
      command.argument('<source>').argument('[target...]', 'by id, or the value of a partition'),
    ),
  );
}

export function withTargetsFile(command: Command, more = ''): Command {
  return command.option('--targets <file>', `only the targets that this CSV file lists${more}`);
}

/**
 * The targets that are meant: those that are named (all where none is) and like what is asked for. Throws a
 * UsageError for one that there is not.
 */
export async function chosenTargets(
  source: Source,
  names: readonly string[] | undefined,
  options: ChoiceOptions,
): Promise<readonly Target[]> {
  const isMeant = targetMatcher([source], options);
  const asked = targetsOf(source, names);
  const named = targetsNamed(source, source.targets, asked);
  const inFile = options.targets === undefined ? undefined : await listedIn(source, options.targets);
  if ('unknown' in named) return [];
  return named.filter(({ id }) => isMeant(source.name, id) && (inFile?.has(id) ?? true));
}

/** Few commands are given a file, and the others need no reader of CSV. */
async function listedIn(source: Source, file: string) {
  const { targetsInFile } = await import('./target-file.ts');
  return targetsInFile(source, file);
}

/** As above, for a command that changes them: all targets of a source are never meant by naming none. */
export async function targetsToChange(
  source: Source,
  names: readonly string[],
  options: ChoiceOptions,
): Promise<readonly Target[]> {
  if (names.length === 0 && options.targets === undefined && !isTargetFiltered(options))
    throw new UsageError(
      `no target of ${source.name} is named`,
      'name some, or give --state, --tier, --targets',
    );
  return chosenTargets(source, names.length === 0 ? undefined : names, options);
}

/** What a change came to: `why` where there was nothing to change. */
export interface Changed {
  readonly target: string;
  readonly why?: string;
}

/**
 * Ends a command that was to change targets and found some that are that way already: with exit code 1 where
 * all are, with 3 where the others were changed.
 */
export function refuseUnchanged(source: string, changes: readonly Changed[]): void {
  const left = changes.filter(({ why }) => why !== undefined);
  if (changes.length === 0) throw new NothingToDoError(`no target of ${source} matches`);
  if (left.length === 0) return;
  const [first] = left;
  const others = left.length > 1 ? ` (and ${counted(left.length - 1, 'more', 'more')})` : '';
  const message = `${source}/${first!.target} ${cellText(first!.why)}${others}`;
  if (left.length === changes.length) throw new NothingToDoError(message);
  throw new IncompleteCommand(message, 'the others are changed');
}
