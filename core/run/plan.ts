import type * as z from 'zod';
import { type CivilDate, civilDate, datesBetween } from '../calendar/civil-date.ts';
import { civilDateAt } from '../calendar/window.ts';
import { sendLostAgain } from '../failures/queue-failures.ts';
import { planKey } from '../lake/layout.ts';
import { parseStored } from '../lake/stored-json.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import { recordRobots } from '../scrape/robots-attempt.ts';
import { tierOf } from '../scrape/target-gate.ts';
import { isScraped, notScrapedText } from '../source/derived.ts';
import { byValue } from '../source/partition.ts';
import type { Partition, Source, Target } from '../source/source.ts';
import { clockBehind } from '../state/look-clock.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import type { PlanAnswer } from '../workflow/workflow.ts';
import { begunByAnother, isOfAnother } from './begun-run.ts';
import { endDeadRuns } from './dead-runs.ts';
import {
  dueByIndex,
  isByIndex,
  type LeftOutTarget,
  type PlannedTargets,
  plannedTargets,
  type SkippedTarget,
  settleTargets,
} from './planned-targets.ts';

/** Where a value stands for several targets, those of them that are scraped. */
type PlannedPartition = Partition & Pick<PartitionWork, 'targets'>;

/** The work of a run as a value: printed by `--dry-run`, written as JSON Lines by `plan`. */
export interface Plan {
  readonly source: string;
  readonly start: CivilDate;
  readonly end: CivilDate;
  readonly work: readonly PlannedPartition[];
  readonly skipped: readonly SkippedTarget[];
  /** The targets that were meant and are left as they are, each with the reason; those skipped among them. */
  readonly leftOut: readonly LeftOutTarget[];
}

/** Targets in one line of a work list: every state of the list of US districts fits. */
const MAX_TARGETS = 2000;
/**
 * Bytes of their ids in JSON. Step Functions hands a line on with 262,144 bytes at most, and other things are
 * in it; ids of seven digits take 10 each, the longest that there may be 131.
 */
const MAX_ID_BYTES = 131_072;

/** Window × targets − skipped; oldest date first, because it is the one that leaves the window tomorrow. */
export async function makePlan(
  platform: Pick<Platform, 'sources' | 'state' | 'clock'>,
  input: Omit<RunInput, 'runId'>,
): Promise<Plan> {
  const source = sourceNamed(platform, input.source);
  if (!isScraped(source)) throw new StageError('BadInput', notScrapedText(source));
  const problem = otherDates(source, input, platform.clock.now());
  if (problem) throw problem;
  return planOf(platform, source, input, await plannedTargets(platform, source, input));
}

/**
 * Why a run of these dates is refused that is planned at `now` (milliseconds): what is found belongs to the
 * date on which it is found. Undefined where it may be planned.
 */
export function otherDates(
  { name, cadence, timeZone }: Source,
  { start, end }: Pick<RunInput, 'start' | 'end'>,
  now: number,
): StageError | undefined {
  const today = civilDateAt(now, timeZone);
  if (cadence.kind === 'daily' || (start === today && end === today)) return undefined;
  return new StageError(
    'BadInput',
    `${name} finds what is there now: its runs have today's date, ${today}, and not ${start === end ? start : `${start} to ${end}`}`,
  );
}

function planOf(
  { clock }: Pick<Platform, 'clock'>,
  source: Source,
  input: Omit<RunInput, 'runId'>,
  { open, probes, skipped, leftOut }: PlannedTargets,
): Plan {
  const start = civilDate(input.start);
  const end = civilDate(input.end);
  const work: PlannedPartition[] = [];
  const later: LeftOutTarget[] = [];
  const until = new Date(clock.now()).toISOString();
  for (const date of datesBetween(start, end)) {
    // One probe is one partition, and the newest date says most.
    const targets = date === end ? [...open, ...probes] : open;
    for (const [value, all] of valuesOf(source, targets)) {
      const fitting = source.cadence.kind === 'every' ? fittingIn(all) : all;
      work.push({ value, date, ...crawled(value, fitting) });
      for (const { id } of all.slice(fitting.length)) later.push({ target: id, reason: 'NEXT_RUN', until });
    }
  }
  if (work.length > 0 && source.unset !== undefined)
    throw new StageError('BadInput', unsetText(source, source.unset));
  return { source: source.name, start, end, work, skipped, leftOut: [...leftOut, ...later] };
}

/** As many of the targets, from the first, as one line holds. */
function fittingIn(targets: readonly Target[]): readonly Target[] {
  let bytes = 0;
  const tooMuch = targets.findIndex(({ id }) => {
    // An id is ASCII; beside it stand two quotes and a comma.
    bytes += id.length + 3;
    return bytes > MAX_ID_BYTES;
  });
  return targets.slice(0, tooMuch < 0 ? MAX_TARGETS : Math.min(tooMuch, MAX_TARGETS));
}

function unsetText({ name, settings }: Source, setting: string): string {
  const description = (settings?.shape[setting] as z.ZodType | undefined)?.description;
  return `${name} needs its setting ${setting}, and nobody gave it${description ? `: ${description}` : ''}`;
}

/**
 * When the newest run of the source was at work last, as its clock had it; milliseconds, 0 where there is
 * none.
 */
async function lastRunAt({ state }: Platform, source: string): Promise<number> {
  const run = await new RunStore(state).last(source);
  return run ? Math.max(run.startedAt, run.finishedAt ?? 0) : 0;
}

/**
 * What is due longest comes first among the targets of a value; the values are in the order of their names.
 */
function valuesOf(source: Source, targets: readonly Target[]): Iterable<[string, readonly Target[]]> {
  const values = byValue(source, targets);
  if (source.cadence.kind === 'daily') return values;
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1));
}

function crawled(value: string, targets: readonly Target[]): Pick<PartitionWork, 'targets'> {
  const ids = targets.map(({ id }) => id);
  return ids.length === 1 && ids[0] === value ? {} : { targets: ids };
}

export interface PlanOptions {
  /** Which execution calls: a run belongs to the one that begins it. Left out, to whoever calls. */
  readonly execution?: string | undefined;
  /** Asked before work on earlier runs, which can wait. */
  readonly mustStop?: (() => boolean) | undefined;
}

/**
 * The first stage: ends earlier runs that died, checks that the site answers at all, and writes the work
 * list. Called again for the same run it keeps the list that is there, and the date of the run; called by
 * another execution than the one that has begun the run, it plans nothing. Where targets are crawled one by
 * one and none is due, the run ends here and leaves nothing on record. Throws a StageError `Transient` where
 * the site cannot be reached, `BadInput` where the run has failed in another execution.
 */
export async function plan(
  platform: Platform,
  input: RunInput,
  { execution, mustStop }: PlanOptions = {},
): Promise<PlanAnswer> {
  const { runId, force } = input;
  const source = sourceNamed(platform, input.source);
  const key = planKey(runId);
  const now = platform.clock.now();
  const runs = new RunStore(platform.state);
  const there = await runs.get(source.name, runId);
  if (there && isOfAnother(there, execution)) return begunByAnother(there);
  await endDeadRuns(platform, source, { except: runId, ...(mustStop && { mustStop }) });
  const behind = clockBehind(now, await lastRunAt(platform, source.name));
  if (behind) platform.emit(behind);
  const stored = await platform.lake.get(key);
  let work: readonly PlannedPartition[];
  if (stored) work = (await Array.fromAsync(readPlan(platform, key))).map(plannedOf);
  else {
    // One that is on record was planned on its date, and died before its list was written.
    const problem = otherDates(source, input, now);
    if (problem && !there) throw problem;
    await settleTargets(platform, source, behind !== undefined);
    ({ work } = isByIndex(source, input)
      ? planOf(platform, source, input, await dueByIndex(platform, source))
      : planOf(platform, source, input, await plannedTargets(platform, source, input)));
  }
  const [first] = work;
  if (!first && source.cadence.kind === 'every') {
    if (isByIndex(source, input)) platform.emit({ kind: 'nothing-due', source: source.name });
    return { ...input, workList: { key, lines: 0 }, nothingDue: true };
  }
  const begun = await runs.begin(input, now, execution);
  if (isOfAnother(begun, execution)) return begunByAnother(begun);
  await sendLostAgain(platform, source.name);
  if (first) await checkReach(platform, source, runId, first);
  if (!stored)
    await writePlan(platform, key, work, (partition) => ({
      runId,
      source: source.name,
      ...partition,
      force,
    }));
  platform.emit({ kind: 'planned', runId, partitions: work.length });
  return { ...input, workList: { key, lines: work.length } };
}

async function checkReach(
  platform: Platform,
  source: Source,
  runId: string,
  first: Partition,
): Promise<void> {
  const { baseUrl } = source;
  // Of many sites one may be away: each item tells for itself.
  if (baseUrl === undefined) return;
  const reach = await platform.fetcherFor(source).reach(baseUrl);
  if (reach.kind === 'dropped') throw new StageError('Transient', `${source.name}: interrupted`);
  if (reach.robots) {
    const { value: target } = first;
    const job = { platform, source, runId, partition: first };
    await recordRobots(job, reach.robots, { target, tier: tierOf(source, target) });
  }
  if (reach.kind === 'reached') return;
  throw new StageError(
    reach.outcome.code === 'REFUSED' ? 'SiteUnreachable' : 'Transient',
    `${source.name}: cannot reach ${new URL(baseUrl).origin} (${reach.outcome.message ?? reach.outcome.code}); check that the site is up and the address right, then run again; nothing was changed`,
  );
}

async function writePlan(
  platform: Platform,
  key: string,
  work: readonly PlannedPartition[],
  lineOf: (partition: PlannedPartition) => PartitionWork,
): Promise<void> {
  const lines = work.map((partition) => `${JSON.stringify(lineOf(partition))}\n`);
  await platform.lake.put(key, new TextEncoder().encode(lines.join('')));
}

/**
 * The lines of a work list, in order. Throws where the list is not there, and a CorruptLakeError where a line
 * is none.
 */
export async function* readPlan(
  platform: Pick<Platform, 'lake'>,
  key: string,
): AsyncGenerator<PartitionWork> {
  const stored = await platform.lake.get(key);
  if (!stored) throw new Error(`there is no work list at ${key}`);
  for (const line of new TextDecoder().decode(stored.body).split('\n')) {
    if (line !== '') yield workOfLine(key, line);
  }
}

function plannedOf({ value, date, targets }: PartitionWork): PlannedPartition {
  return { value, date: civilDate(date), ...(targets && { targets }) };
}

/** A list of before partitions had values of their own names their targets. */
function workOfLine(key: string, line: string): PartitionWork {
  const work = parseStored<PartitionWork & { readonly target?: string }>(key, line);
  return { ...work, value: work.value ?? work.target };
}
