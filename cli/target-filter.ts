import type { Command } from 'commander';
import type { TargetFilter } from '../core/run/target-filter.ts';
import type { Source, Target } from '../core/source/source.ts';
import { namesText } from '../core/wording/names.ts';
import { UsageError } from './failure.ts';

/** Attributes by which targets are chosen, in the order of the help. */
const ATTRIBUTES = ['state', 'tier'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/** What targets have to be like. What is left out narrows nothing. */
export type TargetFilterOptions = { readonly [Name in Attribute]?: readonly string[] };

/** Adds `--state --tier`. */
export function withTargetFilter(command: Command): Command {
  return command
    .option('--state <state...>', 'only targets in this state, as in CA')
    .option('--tier <tier...>', 'only targets of this tier, as in tier1');
}

/** True where the options narrow something. */
export function isTargetFiltered(options: TargetFilterOptions): boolean {
  return ATTRIBUTES.some((name) => options[name] !== undefined);
}

/**
 * Tells whether a target has what is asked for; upper and lower case are one. Where nothing is asked for,
 * targets that are gone match too. Throws a UsageError that lists what there is where no target has it.
 */
export function targetMatcher(
  sources: readonly Source[],
  options: TargetFilterOptions,
): (source: string, target: string) => boolean {
  const matching = targetsLike(sources, options);
  return matching ? (source, target) => matching.get(source)?.has(target) ?? false : () => true;
}

/** By source the ids of those that have what is asked for; undefined where nothing is. Throws as above. */
export function targetsLike(
  sources: readonly Source[],
  options: TargetFilterOptions,
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  if (!isTargetFiltered(options)) return undefined;
  const where = Object.entries(whereOf(sources, options));
  const isMatch = (target: Target) =>
    where.every(([name, values]) => values.includes(attributeText(target, name)));
  return new Map(
    sources.map(({ name, targets }) => [name, new Set(targets.filter(isMatch).map(({ id }) => id))]),
  );
}

/** What is asked for in the very words of the targets; throws as `targetMatcher` does. */
export function whereOf(sources: readonly Source[], options: TargetFilterOptions): TargetFilter {
  return Object.fromEntries(
    ATTRIBUTES.flatMap((name) => {
      const asked = options[name];
      return asked ? [[name, asked.flatMap((text) => valuesLike(sources, name, text))]] : [];
    }),
  );
}

/** The same, but for what no target of this source has: another of the sources that are meant has it. */
export function whereIn({ targets }: Source, where: TargetFilter): TargetFilter {
  return Object.fromEntries(
    Object.entries(where).map(([name, values]) => {
      const own = new Set(targets.map((target) => attributeText(target, name)));
      return [name, values.filter((value) => own.has(value))];
    }),
  );
}

function valuesLike(sources: readonly Source[], name: Attribute, asked: string): readonly string[] {
  const known = new Set<string>();
  for (const { targets } of sources) for (const target of targets) known.add(attributeText(target, name));
  known.delete('');
  const like = [...known].filter((value) => value.toUpperCase() === asked.trim().toUpperCase());
  if (like.length > 0) return like;
  const of = sources.length === 1 ? ` of ${sources[0]!.name}` : '';
  throw new UsageError(
    `no target${of} has the ${name} ${JSON.stringify(asked)}`,
    known.size === 0 ? `none has a ${name} at all` : `there is: ${namesText([...known].toSorted())}`,
  );
}

/** An attribute as text; empty where the target has none of that name. */
export function attributeText({ attributes }: Target, name: string): string {
  return String(attributes?.[name] ?? '');
}
