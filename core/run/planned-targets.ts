import { type Platform, StageError } from '../platform.ts';
import { minutesOf } from '../source/cadence.ts';
import { targetsNamed } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';
import type { RunInput } from '../state/run-store.ts';
import { believed, CRAWL_GAP_MS } from '../targets/claim.ts';
import { dueTargets, indexTargets, isAhead } from '../targets/indexes.ts';
import { targetOfRecord } from '../targets/register.ts';
import { type LeftOutReason, leftOutOf } from '../targets/schedule-status.ts';
import { isSkipped, newTarget, type SkipFlag, type TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { namesText } from '../wording/names.ts';
import { targetsWhere } from './target-filter.ts';

/** A target that a run leaves as it is. Times in ISO 8601. */
export interface LeftOutTarget {
  readonly target: string;
  readonly reason: LeftOutReason;
  /** When that may change by itself; null where a person changes it. */
  readonly until: string | null;
}

export interface SkippedTarget {
  readonly target: string;
  readonly reason: string;
  readonly since: string;
}

/** The targets of a plan. */
export interface PlannedTargets {
  readonly open: readonly Target[];
  /** Of a daily source: a flag of theirs has expired, and one partition is the probe. */
  readonly probes: readonly Target[];
  readonly skipped: readonly SkippedTarget[];
  readonly leftOut: readonly LeftOutTarget[];
}

type Stores = Pick<Platform, 'state' | 'clock'>;
type Asked = Pick<RunInput, 'targets' | 'where' | 'all' | 'force'>;

/** What is planned of the targets that are asked for, judged by their records, which are read in one pass. */
export async function plannedTargets(
  { state, clock }: Stores,
  source: Source,
  asked: Asked,
): Promise<PlannedTargets> {
  const now = clock.now();
  const { targets, records } = await readTargets(state, source);
  const recordOf = ({ id }: Target) => records.get(id) ?? newTarget(source.name, id);
  const planned = { open: [] as Target[], probes: [] as Target[], skipped: [] as SkippedTarget[] };
  const leftOut: LeftOutTarget[] = [];
  // Whoever is named is meant now, by an id or by the value of a partition; a filter only narrows.
  const all = asked.all === true || asked.force || asked.targets !== undefined;
  for (const target of meant(source, targets, asked)) {
    const record = recordOf(target);
    const { skip } = record;
    if (skip && isSkipped(record, now)) planned.skipped.push(skippedTarget(target.id, skip));
    if (source.cadence.kind === 'daily') {
      if (!skip) planned.open.push(target);
      else if (isSkipped(record, now))
        leftOut.push(leftOutTarget(target, { reason: 'SKIPPED', until: skip.expiresAt }));
      else planned.probes.push(target);
      continue;
    }
    const terms = { now, every: minutesOf(source.cadence), all };
    const why = leftOutOf(source, record, terms);
    if (why) leftOut.push(leftOutTarget(target, why));
    else planned.open.push(target);
  }
  const dueAt = (target: Target) => recordOf(target).nextCrawlAt ?? 0;
  if (source.cadence.kind === 'every') planned.open.sort((a, b) => dueAt(a) - dueAt(b));
  return { ...planned, leftOut };
}

/**
 * The registered targets that are due, by the index: what is not due costs no request. Whoever may not be
 * crawled after all is found out when it is claimed.
 */
export async function dueByIndex({ state, clock }: Stores, source: Source): Promise<PlannedTargets> {
  const now = clock.now();
  const open: { readonly target: Target; readonly dueAt: number }[] = [];
  const leftOut: LeftOutTarget[] = [];
  const terms = { now, every: minutesOf(source.cadence), all: false };
  for await (const due of dueTargets(state, source.name, now)) {
    const target = targetOfRecord(due);
    if (!target) continue;
    const why = leftOutOf(source, { ...newTarget(source.name, due.target), ...due }, terms);
    if (why) leftOut.push(leftOutTarget(target, why));
    else open.push({ target, dueAt: due.nextCrawlAt ?? 0 });
  }
  open.sort((a, b) => a.dueAt - b.dueAt);
  return { open: open.map(({ target }) => target), probes: [], skipped: [], leftOut };
}

/** True where the index alone tells what is due: a scheduled run of registered targets. */
export function isByIndex({ cadence, register }: Source, { targets, where, all, force }: Asked): boolean {
  return cadence.kind === 'every' && register !== undefined && !targets && !where && !all && !force;
}

/**
 * Makes the records and indexes of a source true to a clock that ran ahead and was set back, and puts records
 * of before there were indexes into them. `isBehind`: somebody knows that the clock is behind.
 */
export async function settleTargets(
  { state, clock }: Stores,
  source: Source,
  isBehind: boolean,
): Promise<void> {
  if (source.cadence.kind === 'daily') return;
  await indexTargets(state, source.name);
  const now = clock.now();
  if (!isBehind && !(await isAhead(state, source.name, now + CRAWL_GAP_MS))) return;
  const store = new TargetStore(state);
  const by = { actor: BY_ITSELF, at: now };
  for await (const record of store.list(source.name))
    if (believed(record, now) !== record)
      await store.update(source.name, record.target, (before) => believed(before, now), by);
}

/** The targets that were asked for and are skipped. */
export async function skippedTargets(
  { state }: Pick<Platform, 'state'>,
  source: Source,
  asked: Asked,
): Promise<SkippedTarget[]> {
  await indexTargets(state, source.name);
  const skipped: SkippedTarget[] = [];
  for await (const { target, ...skip } of new TargetStore(state).skipped(source.name))
    skipped.push(skippedTarget(target, skip));
  if (skipped.length === 0 || (source.register && !asked.targets && !asked.where)) return skipped;
  const { targets } = await readTargets(state, source);
  const ids = new Set(meant(source, targets, asked).map(({ id }) => id));
  return skipped.filter(({ target }) => ids.has(target));
}

async function readTargets(
  state: Platform['state'],
  source: Source,
): Promise<{ readonly targets: readonly Target[]; readonly records: ReadonlyMap<string, TargetRecord> }> {
  const records = new Map<string, TargetRecord>();
  for await (const record of new TargetStore(state).list(source.name)) records.set(record.target, record);
  if (!source.register) return { targets: source.targets, records };
  return { targets: [...records.values()].flatMap((record) => targetOfRecord(record) ?? []), records };
}

function meant(source: Source, known: readonly Target[], asked: Asked): readonly Target[] {
  const named = targetsNamed(source, known, asked.targets);
  if ('unknown' in named)
    throw new StageError(
      'BadInput',
      `source ${source.name} has no target ${JSON.stringify(named.unknown)}; it has: ${namesText(known.map(({ id }) => id)) || 'none'}`,
    );
  if (!asked.where) return named;
  const found = targetsWhere(source, known, asked.where);
  if ('problem' in found) throw new StageError('BadInput', found.problem);
  const ids = new Set(found.map(({ id }) => id));
  return named.filter(({ id }) => ids.has(id));
}

function leftOutTarget(
  { id }: Target,
  { reason, until }: { readonly reason: LeftOutReason; readonly until: number | null },
): LeftOutTarget {
  return { target: id, reason, until: until === null ? null : new Date(until).toISOString() };
}

function skippedTarget(target: string, { reason, since }: SkipFlag): SkippedTarget {
  return { target, reason, since: new Date(since).toISOString() };
}
