import { civilDate } from '../calendar/civil-date.ts';
import { sendLostAgain } from '../failures/queue-failures.ts';
import { planKey } from '../lake/layout.ts';
import { type PartitionWork, type Platform, StageError, sourceNamed } from '../platform.ts';
import { recordRobots } from '../scrape/robots-attempt.ts';
import { tierOf } from '../scrape/target-gate.ts';
import type { Partition, Source } from '../source/source.ts';
import { clockBehind } from '../state/look-clock.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import type { PlanAnswer } from '../workflow/workflow.ts';
import { begunByAnother, isOfAnother } from './begun-run.ts';
import { endDeadRuns } from './dead-runs.ts';
import { otherDates, type PlannedPartition, planOf } from './make-plan.ts';
import { dueByIndex, isByIndex, plannedTargets, settleTargets } from './planned-targets.ts';
import { readWorkList, writeWorkList } from './work-list.ts';

/**
 * When the newest run of the source was at work last, as its clock had it; milliseconds, 0 where there is
 * none.
 */
async function lastRunAt({ state }: Platform, source: string): Promise<number> {
  const run = await new RunStore(state).last(source);
  return run ? Math.max(run.startedAt, run.finishedAt ?? 0) : 0;
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
  if (stored) work = (await Array.fromAsync(readWorkList(platform, key))).map(plannedOf);
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
    await writeWorkList(
      platform,
      key,
      work.map((partition) => ({ runId, source: source.name, ...partition, force })),
    );
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

function plannedOf({ value, date, targets }: PartitionWork): PlannedPartition {
  return { value, date: civilDate(date), ...(targets && { targets }) };
}
