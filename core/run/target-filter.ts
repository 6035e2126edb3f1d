import { hasAttributes } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';

/** Values of attributes, any of which a target has to have, for each attribute that is named. */
export type TargetFilter = Readonly<Record<string, readonly string[]>>;

/** The targets that a filter lets through, or in one line why nobody can have meant it. */
export function targetsWhere(
  source: Pick<Source, 'name' | 'register'>,
  targets: readonly Target[],
  where: TargetFilter,
): readonly Target[] | { readonly problem: string } {
  for (const [attribute, values] of Object.entries(where)) {
    const known = new Set(targets.flatMap(({ attributes }) => attributes?.[attribute] ?? []).map(String));
    if (known.size === 0) {
      const has = [...new Set(targets.flatMap(({ attributes = {} }) => Object.keys(attributes)))].sort();
      const problem = `targets of ${source.name} have no attribute ${attribute}; they have: ${has.join(', ') || 'none'}`;
      return { problem };
    }
    const unknown = values.find((value) => !known.has(value));
    if (unknown !== undefined) {
      const there = [...known].sort().join(', ');
      return {
        problem: `no target of ${source.name} has ${attribute} ${JSON.stringify(unknown)}; there is: ${there}`,
      };
    }
  }
  return targets.filter((target) => hasAttributes(target, where));
}
