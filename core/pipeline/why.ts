import { PartitionRegister } from '../audit/partition-register.ts';
import { explain, type Why } from '../audit/why.ts';
import type { WhyCurrent, WhyRun } from '../audit/why-facts.ts';
import { planKey } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { CorruptLakeError, readCurrent } from '../lake/manifest.ts';
import type { Partition, Source } from '../source/source.ts';
import { TargetRegister } from '../target/target.ts';
import { civilDateAt } from '../window/window.ts';
import { type Failure, isUnresolved } from '../work/failure.ts';
import { FailureRegister } from '../work/failure-register.ts';
import { RunRegister } from '../work/run-register.ts';
import { readCheckpoints } from './checkpoint.ts';
import { partitionLogs, readAttempts, readCommits } from './partition-log.ts';
import { readPlan } from './plan.ts';
import type { Platform } from './platform.ts';

type Records = Pick<Platform, 'lake' | 'state' | 'clock'>;

/** Runs of an item's history that are shown: a week of daily runs, and a retry or two. */
const RUNS_OF_AN_ITEM = 10;

/** Gathers what is on record about a partition, or about one item of it, and says what follows from it. Changes nothing. */
export async function why(
  platform: Records,
  source: Source,
  partition: Partition,
  item: string | null,
): Promise<Why> {
  const { lake, state, clock } = platform;
  const run = await newestRun(platform, source, partition);
  const failures: Failure[] = [];
  for await (const failure of new FailureRegister(state).list(source.name, partition)) {
    if (isUnresolved(failure) && (item === null || failure.item === item)) failures.push(failure);
  }
  return explain({
    source: source.name,
    partition,
    item,
    today: civilDateAt(clock.now(), source.timeZone),
    skip: (await new TargetRegister(state).get(source.name, partition.target)).skip,
    run: run ?? null,
    attempts: await attemptsAt(platform, source, partition, item, run),
    failures,
    commits: await readCommits(lake, source, partition),
    standing: (await new PartitionRegister(state).get(source.table.name, partition)) ?? null,
    current: await currentOf(platform, source, partition, item),
  });
}

/** The newest run whose window and targets cover the partition. */
async function newestRun(
  { lake, state }: Records,
  source: Source,
  partition: Partition,
): Promise<WhyRun | undefined> {
  for await (const { input, status, startedAt, finishedAt, message } of new RunRegister(state).list(
    source.name,
  )) {
    const { runId, start, end, targets } = input;
    const covers = start <= partition.date && partition.date <= end;
    if (!covers || (targets && !targets.includes(partition.target))) continue;
    return {
      runId,
      start,
      end,
      status,
      startedAt,
      finishedAt,
      message,
      planned: await isPlanned(lake, runId, partition),
    };
  }
  return undefined;
}

async function isPlanned(
  lake: Records['lake'],
  runId: string,
  { target, date }: Partition,
): Promise<WhyRun['planned']> {
  if (!(await lake.head(planKey(runId)))) return 'unknown';
  for await (const work of readPlan({ lake }, planKey(runId))) {
    if (work.target === target && work.date === date) return 'yes';
  }
  return 'left-out';
}

/** Oldest first. A run that has not sealed the partition yet keeps its attempts as checkpoints. */
async function attemptsAt(
  { lake }: Records,
  source: Source,
  partition: Partition,
  item: string | null,
  run: WhyRun | undefined,
): Promise<AttemptRow[]> {
  const logs = await partitionLogs(lake, 'attempts', source, partition);
  const attempts: AttemptRow[] = [];
  let runs = 0;
  if (run && !logs.some(({ runId }) => runId === run.runId)) {
    for await (const { checkpoint } of readCheckpoints(lake, run.runId, source.name, partition)) {
      attempts.push(checkpoint.attempt);
    }
    if (attempts.length > 0) runs++;
  }
  for (const log of logs) {
    if (runs++ >= (item === null ? 1 : RUNS_OF_AN_ITEM)) break;
    attempts.push(...(await readAttempts(lake, log)));
  }
  return attempts
    .filter(({ item_id }) => item === null || item_id === item)
    .sort((a, b) => (a.attempt_id < b.attempt_id ? -1 : 1));
}

async function currentOf(
  { lake }: Records,
  source: Source,
  partition: Partition,
  item: string | null,
): Promise<WhyCurrent> {
  try {
    const current = await readCurrent(lake, source.table, partition);
    if (!current) return { kind: 'none' };
    const { descriptor, committedAt, committedBy } = current;
    const { version, rows, items } = descriptor;
    return {
      kind: 'version',
      version,
      rows,
      items: items.length,
      committedAt,
      committedBy,
      item: items.find(({ id }) => id === item) ?? null,
    };
  } catch (error) {
    if (error instanceof CorruptLakeError) return { kind: 'damaged', message: error.message };
    throw error;
  }
}
