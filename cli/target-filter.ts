import type { Command } from 'commander';
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
function isTargetFiltered(options: TargetFilterOptions): boolean {
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
  if (!isTargetFiltered(options)) return () => true;
  for (const name of ATTRIBUTES) for (const asked of options[name] ?? []) refuseUnknown(sources, name, asked);
  const matching = new Map(
    sources.map(({ name, targets }) => [
      name,
      new Set(targets.filter((target) => isMatch(target, options)).map(({ id }) => id)),
    ]),
  );
  return (source, target) => matching.get(source)?.has(target) ?? false;
}

function isMatch(target: Target, options: TargetFilterOptions): boolean {
  return ATTRIBUTES.every(
    (name) => options[name]?.some((asked) => isSame(attributeText(target, name), asked)) ?? true,
  );
}

function refuseUnknown(sources: readonly Source[], name: Attribute, asked: string): void {
  const known = new Set<string>();
  for (const { targets } of sources)
    for (const target of targets) {
      const value = attributeText(target, name);
      if (isSame(value, asked)) return;
      if (value !== '') known.add(value);
    }
  throw new UsageError(
    `no target has the ${name} ${JSON.stringify(asked)}`,
    known.size === 0 ? `no target has a ${name} at all` : `there is: ${namesText([...known].toSorted())}`,
  );
}

function isSame(value: string, asked: string): boolean {
  return value.toUpperCase() === asked.trim().toUpperCase();
}

/** An attribute as text; empty where the target has none of that name. */
export function attributeText({ attributes }: Target, name: string): string {
  return String(attributes?.[name] ?? '');
}
