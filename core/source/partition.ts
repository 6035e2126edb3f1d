import * as z from 'zod';
import { civilDateAt } from '../calendar/window.ts';
import { isIdentifier, partitionValueProblem } from './identifier.ts';
import type { Item, Partition, Source, Target } from './source.ts';

/** The target that an item belongs to: its own, or else that of its partition's value. */
export function targetOf(item: Pick<Item, 'target'>, partition: Pick<Partition, 'value'>): string {
  return item.target ?? partition.value;
}

/**
 * A schema of what names a partition by its `value`. Documents, messages and work lists of before partitions
 * had values of their own only name a `target`: that is the value.
 */
export function withPartitionValue<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((document) => {
    const isOld = typeof document === 'object' && document !== null && 'target' in document;
    return isOld ? { value: document.target, ...document } : document;
  }, schema);
}

/**
 * The value of the partitions that a target is in: its attribute of that name, or its id where there is none.
 */
export function partitionValueOf({ table }: Pick<Source, 'table'>, { id, attributes }: Target): string {
  return String(attributes?.[table.partitionBy[0]] ?? id);
}

/** Why this is no target of the source, in one line; undefined where it is one. */
export function targetProblem(source: Pick<Source, 'table'>, target: Target): string | undefined {
  if (!isIdentifier(target.id)) return `target ${JSON.stringify(target.id)}: not an identifier`;
  const value = partitionValueOf(source, target);
  const problem = partitionValueProblem(value);
  const [column] = source.table.partitionBy;
  return problem && `target ${target.id}: ${column} ${JSON.stringify(value)}: ${problem}`;
}

/** The values of these targets, each once, with the targets that it stands for. */
export function byValue(source: Pick<Source, 'table'>, targets: readonly Target[]): Map<string, Target[]> {
  return Map.groupBy(targets, (target) => partitionValueOf(source, target));
}

/** True where each attribute that is named has one of the values. */
export function hasAttributes(
  { attributes = {} }: Pick<Target, 'attributes'>,
  where: Readonly<Record<string, readonly string[]>>,
): boolean {
  return Object.entries(where).every(([name, values]) => values.includes(String(attributes[name])));
}

/**
 * The targets that are meant by these names, each the id of one or a value that stands for all of its
 * targets; all where nothing is named, and the first name that is neither where there is one.
 */
export function targetsNamed(
  source: Pick<Source, 'table'>,
  targets: readonly Target[],
  names: readonly string[] | undefined,
): readonly Target[] | { readonly unknown: string } {
  if (!names) return targets;
  const known = new Set(targets.flatMap((target) => [target.id, partitionValueOf(source, target)]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) return { unknown };
  const asked = new Set(names);
  return targets.filter((target) => asked.has(target.id) || asked.has(partitionValueOf(source, target)));
}

/**
 * True where what was there on a date can be found no more: what a source `every` finds belongs to the date
 * on which it is found. `now`: milliseconds.
 */
export function isDayOver(
  { cadence, timeZone }: Pick<Source, 'cadence' | 'timeZone'>,
  date: string,
  now: number,
): boolean {
  return cadence.kind === 'every' && date < civilDateAt(now, timeZone);
}
