import type { Command } from 'commander';
import type { EntityKey } from '../core/enrich/entity.ts';
import { isIdentifier } from '../core/source/identifier.ts';
import { enricherOf, KNOWN_KINDS } from './enricher.ts';
import { UsageError } from './failure.ts';
import { dateOf, withDates } from './filter.ts';

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

/** What the filter lets through, or a usage error for a date that does not exist. */
export function entityFilterOf({
  feed,
  start,
  end,
}: EntityFilterOptions): (one: { readonly feed: string; readonly date: string }) => boolean {
  const [from, to] = [dateOf('--start', start), dateOf('--end', end)];
  if (from !== undefined && to !== undefined && to < from)
    throw new UsageError(`the end ${to} lies before the start ${from}`, 'swap them');
  return (one) =>
    (feed === undefined || one.feed === feed) &&
    (from === undefined || from <= one.date) &&
    (to === undefined || one.date <= to);
}

/** `session/s-17`, or `s-17` with `--kind session`; a usage error where it is neither. */
export function entityNamed(text: string, kind: string | undefined): EntityKey {
  const [ofName, key = '', ...more] = kind === undefined ? text.split('/') : [kind, text];
  if (more.length > 0 || !isIdentifier(key))
    throw new UsageError(`${JSON.stringify(text)} names no record`, 'write kind/key, as in session/s-17');
  return { kind: enricherOf(ofName).kind, key };
}

/** The kinds that are meant. */
export function kindsOf(
  { enrichers }: { readonly enrichers: readonly { readonly kind: string }[] },
  kind: string | undefined,
): readonly string[] {
  return kind === undefined ? enrichers.map((each) => each.kind) : [enricherOf(kind).kind];
}
