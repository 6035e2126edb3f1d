import type { StateStore } from '../ports/state-store.ts';
import { targetProblem } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';
import { type TargetRecord, TargetStore } from './target-store.ts';

/** The targets of a source: those in its code, or those that were registered, by id. */
export async function targetsOf(state: StateStore, source: Source): Promise<readonly Target[]> {
  if (!source.register) return source.targets;
  const targets: Target[] = [];
  for await (const { target, attributes } of new TargetStore(state).list(source.name))
    if (attributes) targets.push({ id: target, attributes });
  return targets;
}

/**
 * Registers targets of a source, or gives those that are registered other attributes; what is on record of
 * them stays. Throws a RangeError of one line for the first that does not fit the source, before any is
 * written.
 */
export async function registerTargets(
  state: StateStore,
  source: Source,
  targets: readonly Required<Target>[],
): Promise<void> {
  const { register } = source;
  if (!register) throw new RangeError(`the targets of ${source.name} are in its code`);
  for (const target of targets) {
    const checked = register.attributes.safeParse(target.attributes);
    const issue = checked.error?.issues[0];
    if (issue) throw new RangeError(`target ${target.id}: ${issue.path.join('.')}: ${issue.message}`);
    const problem = targetProblem(source, target);
    if (problem !== undefined) throw new RangeError(problem);
  }
  const store = new TargetStore(state);
  for (const { id, attributes } of targets)
    await store.update(source.name, id, (record) => ({ ...record, attributes: { ...attributes } }));
}

/**
 * Takes the targets that are due, for the next so many minutes; `now`: milliseconds. Of two runs one gets
 * each.
 */
export async function claimDue(
  state: StateStore,
  source: string,
  targets: readonly string[],
  { now, minutes, force }: { readonly now: number; readonly minutes: number; readonly force: boolean },
): Promise<ReadonlySet<string>> {
  const store = new TargetStore(state);
  const claimed = new Set<string>();
  for (const target of targets) {
    let isDue = force || isDueAt(await store.get(source, target), now);
    if (!isDue) continue;
    await store.update(source, target, (record) => {
      isDue = force || isDueAt(record, now);
      return isDue ? { ...record, nextCrawlAt: now + minutes * 60_000 } : record;
    });
    if (isDue) claimed.add(target);
  }
  return claimed;
}

/** True where a target may be crawled again; milliseconds. */
export function isDueAt({ nextCrawlAt }: TargetRecord, now: number): boolean {
  return nextCrawlAt === null || nextCrawlAt <= now;
}
