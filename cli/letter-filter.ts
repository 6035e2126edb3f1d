import type { Command } from 'commander';
import type { JudgedLetter } from '../core/advice/dead-letter.ts';
import { readDeadLetters } from '../core/retry/dead-letters.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { NotFoundError } from './failure.ts';
import { codeOf, type FilterOptions, filterOf, filterWords, isInFilter, withFilter } from './filter.ts';
import { itemNameOf } from './letter-views.ts';
import { cellText } from './print.ts';

/** Which letters a command is about. What is left out narrows nothing. */
export interface LetterFilterOptions extends FilterOptions {
  readonly code?: string;
}

/** Adds `--source --target --start --end --code`. */
export function withLetterFilter(command: Command): Command {
  return withFilter(command).option(
    '--code <code>',
    'only items whose last error was this one, as in TIMEOUT',
  );
}

export interface Selection {
  readonly letters: readonly JudgedLetter[];
  /** What is said where there are none. */
  readonly none: string;
}

/**
 * Letters that the filter lets through, and of those the ones that are named, by id or by item. What nobody can read is
 * of no source: it comes only where nothing narrows the list. Throws a UsageError for a source, target, date or code that
 * there is not, and a NotFoundError for a name that no letter has.
 */
export async function lettersThatMatch(
  platform: CommandPlatform,
  options: LetterFilterOptions,
  names: readonly string[] = [],
): Promise<Selection> {
  const filter = filterOf(platform, options);
  const code = codeOf(options.code);
  const all = await readDeadLetters(platform);
  const narrowed = filterWords(options).length > 0;
  const matches = ({ standing, message, failure }: JudgedLetter): boolean => {
    if (!narrowed) return true;
    if (!message || standing === 'poison' || !isInFilter(filter, message)) return false;
    const isMeant = filter.sources.some(({ name }) => name === message.source);
    return isMeant && (code === undefined || failure?.code === code);
  };
  const found = all.filter(matches);
  const isNamed = (name: string) => (judged: JudgedLetter) =>
    judged.letter.id === name || itemNameOf(judged) === name;
  const unknown = names.find((name) => !found.some(isNamed(name)));
  if (unknown !== undefined) throw noSuchLetter(unknown, narrowed);
  return {
    letters:
      names.length === 0 ? found : found.filter((judged) => names.some((name) => isNamed(name)(judged))),
    none: all.length === 0 ? 'there are no dead letters' : 'no dead letters that match',
  };
}

function noSuchLetter(name: string, narrowed: boolean): NotFoundError {
  const where = narrowed ? ' among those that match' : '';
  return new NotFoundError(
    `there is no dead letter ${cellText(JSON.stringify(name))}${where}`,
    '"rescrape dead-letters list" names them',
  );
}
