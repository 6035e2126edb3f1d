import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import type { AnyDeadLetter, DeadLetterEntry } from '../core/retry/dead-letter.ts';
import { readDeadLetters, readDeadRecords } from '../core/retry/dead-letters.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { itemNameOf } from './dead-letter-views.ts';
import { KNOWN_KINDS } from './enricher.ts';
import { kindsOf } from './entity-filter.ts';
import { NotFoundError, UsageError } from './failure.ts';
import { codeOf, type FilterOptions, filterOf, filterWords, isInFilter, withFilter } from './filter.ts';
import { cellText } from './print.ts';

/** Which dead letters a command is about. What is left out narrows nothing. */
export interface DeadLetterFilterOptions extends FilterOptions {
  readonly code?: string;
  /** Of records, which nothing else narrows. */
  readonly kind?: string;
}

/** Adds `--source --target --start --end --code --kind`. */
export function withDeadLetterFilter(command: Command): Command {
  return withFilter(command)
    .option('--code <code>', 'only items whose last error was this one, as in TIMEOUT')
    .option('--kind <kind>', `only records of this kind: ${KNOWN_KINDS}`);
}

export interface Selection {
  readonly entries: readonly AnyDeadLetter[];
  /** What is said where there are none. */
  readonly none: string;
}

/**
 * Dead letters that the filter lets through, and of those the ones that are named, by id or by item. What
 * nobody can read is of no source: it comes only where nothing narrows the list. Records are of no source,
 * and failed items of no kind. Throws a UsageError for a source, target, date or code that
 * there is not, and a NotFoundError for a name that none has.
 */
export async function deadLettersThatMatch(
  platform: CommandPlatform,
  options: DeadLetterFilterOptions,
  names: readonly string[] = [],
): Promise<Selection> {
  const filter = filterOf(platform, options);
  const code = codeOf(options.code);
  const isOfItems = filterWords({ ...options, kind: undefined }).length > 0;
  if (isOfItems && options.kind !== undefined)
    throw new UsageError('--kind is of records, which no other filter is about', 'leave one of them out');
  const kinds = isOfItems ? [] : kindsOf(platform, options.kind);
  const narrowed = isOfItems || options.kind !== undefined;
  const failed = options.kind === undefined ? await readDeadLetters(platform) : [];
  const records = await readDeadRecords(platform, kinds);
  const matches = ({ status, key, failure }: DeadLetterEntry): boolean => {
    if (!isOfItems) return true;
    if (!key || status === 'poison') return false;
    const { value, date } = key.partition;
    if (!isInFilter(filter, { target: failure?.target ?? value, date })) return false;
    const isMeant = filter.sources.some(({ name }) => name === key.source);
    return isMeant && (code === undefined || failure?.code === code);
  };
  const found = [...failed.filter(matches), ...records];
  const isNamed = (name: string) => (entry: AnyDeadLetter) => entry.id === name || itemNameOf(entry) === name;
  const unknown = names.find((name) => !found.some(isNamed(name)));
  if (unknown !== undefined) throw noSuchDeadLetter(unknown, narrowed);
  return {
    entries: names.length === 0 ? found : found.filter((entry) => names.some((name) => isNamed(name)(entry))),
    none:
      failed.length + records.length === 0 && !narrowed
        ? 'there are no dead letters'
        : 'no dead letters that match',
  };
}

function noSuchDeadLetter(name: string, narrowed: boolean): NotFoundError {
  const where = narrowed ? ' among those that match' : '';
  return new NotFoundError(
    `there is no dead letter ${cellText(JSON.stringify(name))}${where}`,
    advise({ kind: 'ended', as: 'unknown-dead-letter' }),
  );
}
