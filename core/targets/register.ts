import pLimit from 'p-limit';
import type { StateStore } from '../ports/state-store.ts';
import { targetProblem } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';
import type { TargetRecord } from './target.ts';
import { TargetStore } from './target-store.ts';

/** Single records that are read side by side. */
const READS_AT_ONCE = 16;

/** The targets of a source: those in its code, or those that were registered, by id. */
export async function targetsOf(state: StateStore, source: Source): Promise<readonly Target[]> {
  if (!source.register) return source.targets;
  const targets: Target[] = [];
  for await (const record of new TargetStore(state).list(source.name)) {
    const target = targetOfRecord(record);
    if (target) targets.push(target);
  }
  return targets;
}

/**
 * The records of the targets of a source, in the order of their ids, one after the other. Of a target in the
 * code they have its attributes, and there is one before anything has happened to it.
 */
export async function* targetRecords(state: StateStore, source: Source): AsyncGenerator<TargetRecord> {
  const store = new TargetStore(state);
  if (source.register) {
    for await (const record of store.list(source.name)) if (record.attributes) yield record;
    return;
  }
  for (const { id, attributes } of source.targets.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const record = await store.get(source.name, id);
    yield attributes ? { ...record, attributes: { ...attributes } } : record;
  }
}

/** The records of the targets of these ids, where they are registered or in the code; in their order. */
export async function targetsWithRecords(
  state: StateStore,
  source: Source,
  ids: readonly string[],
): Promise<{ readonly target: Target; readonly record: TargetRecord }[]> {
  const store = new TargetStore(state);
  const inCode = new Map(source.targets.map((target) => [target.id, target]));
  const found = await pLimit(READS_AT_ONCE).map(ids, async (id) => {
    const record = await store.get(source.name, id);
    const target = source.register ? targetOfRecord(record) : inCode.get(id);
    return target && { target, record };
  });
  return found.filter((one) => one !== undefined);
}

/** The target that a record is about; undefined where it is not registered. */
export function targetOfRecord({ target, attributes }: Pick<TargetRecord, 'target' | 'attributes'>) {
  return attributes ? { id: target, attributes } : undefined;
}

/** Why this cannot be registered for the source, in one line; undefined where it can. */
export function registrationProblem(source: Source, target: Required<Target>): string | undefined {
  const { register } = source;
  if (!register) return `the targets of ${source.name} are in its code`;
  const issue = register.attributes.safeParse(target.attributes).error?.issues[0];
  if (issue) return `target ${target.id}: ${issue.path.join('.')}: ${issue.message}`;
  return targetProblem(source, target);
}

/** The record after a change, with the moment at which it became that of a registered target. */
export function sinceRegistered(before: TargetRecord, after: TargetRecord, at: number): TargetRecord {
  return before.attributes === null && after.attributes !== null ? { ...after, registeredAt: at } : after;
}

/** True where both say the same, in any order. */
export function sameAttributes(
  a: NonNullable<TargetRecord['attributes']>,
  b: NonNullable<TargetRecord['attributes']>,
): boolean {
  const names = Object.keys(b);
  return names.length === Object.keys(a).length && names.every((name) => a[name] === b[name]);
}
