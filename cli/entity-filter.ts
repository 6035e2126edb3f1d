import type { Command } from 'commander';
import type { EntityKey } from '../core/enrich/entity.ts';
import { isIdentifier } from '../core/source/identifier.ts';
import { enricherOf, KNOWN_KINDS } from './enricher.ts';
import { UsageError } from './failure.ts';
import { datesOf, withDates } from './filter.ts';

/** Of a platform: the kinds that there are. */
interface Enriching {
  readonly enrichers: readonly { readonly kind: string }[];
}

/** Which records a list is about. What is left out narrows nothing. */
export interface EntityFilterOptions {
  readonly kind?: string;
  readonly feed?: string;
  readonly start?: string;
  readonly end?: string;
}

/** Adds `--kind --feed --start --end`. */
export function withEntityFilter(command: Command): Command {
  return withDates(withKind(command).option('--feed <feed>', 'only records of this feed'));
}

export function withKind(command: Command): Command {
  return command.option('--kind <kind>', `only this kind: ${KNOWN_KINDS}`);
}

/**
 * What `listOf` has of each kind that is meant, as far as the filter lets it through. Throws a UsageError for
 * a kind that there is not, and for dates as `filterOf` does, before anything is listed.
 */
export function recordsThatMatch<T extends { readonly feed: string; readonly date: string }>(
  platform: Enriching,
  { kind, feed, ...dates }: EntityFilterOptions,
  listOf: (kind: string) => AsyncIterable<T>,
): AsyncIterable<T> {
  const kinds = kindsOf(platform, kind);
  const { start, end } = datesOf(dates);
  async function* matching(): AsyncGenerator<T> {
    for (const each of kinds)
      for await (const one of listOf(each))
        if ((feed === undefined || one.feed === feed) && start <= one.date && one.date <= end) yield one;
  }
  return matching();
}

/** `session/s-17`, or `s-17` with `--kind session`; a usage error where it is neither. */
export function entityNamed(text: string, kind: string | undefined): EntityKey {
  const [ofName, key = '', ...more] = kind === undefined ? text.split('/') : [kind, text];
  if (more.length > 0 || !isIdentifier(key))
    throw new UsageError(`${JSON.stringify(text)} names no record`, 'write kind/key, as in session/s-17');
  return { kind: enricherOf(ofName).kind, key };
}

/** The kinds that are meant. */
export function kindsOf({ enrichers }: Enriching, kind: string | undefined): readonly string[] {
  return kind === undefined ? enrichers.map((each) => each.kind) : [enricherOf(kind).kind];
}
