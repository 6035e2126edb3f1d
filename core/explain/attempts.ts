import pLimit from 'p-limit';
import { dayOfRun } from '../calendar/run-id.ts';
import type { Failure } from '../failures/failure.ts';
import { earlierRunLogKey, runLogKey } from '../lake/layout.ts';
import type { AttemptRow, PartitionLog } from '../lake/log-tables.ts';
import { partitionLogs, readLog } from '../lake/partition-log.ts';
import type { Platform } from '../platform.ts';
import { readCheckpoints } from '../scrape/checkpoint.ts';
import { LOOK_UP_ID } from '../scrape/progress.ts';
import type { Partition, Source } from '../source/source.ts';
import { RunStore } from '../state/run-store.ts';

/** Runs of an item's history that are shown: a week of daily runs, and some that persons started. */
const RUNS_OF_AN_ITEM = 10;
/** Retries since the last run of a partition that are read: each is a file of its own. */
const RETRIES_OF_A_PARTITION = 30;
const RUNS_AT_ONCE = 8;

/** What was tried, oldest first, and which of its runs were retries of failed items. */
export interface AttemptsOnRecord {
  readonly attempts: readonly AttemptRow[];
  readonly retries: readonly string[];
}

/**
 * What was tried at a partition or at one item of it. A run or a retry that has not finalized the partition
 * yet keeps its attempts as checkpoints. `failures`: what is unresolved of it; their retries are read however
 * many others there were.
 */
export async function attemptsOnRecord(
  { lake, state }: Pick<Platform, 'lake' | 'state'>,
  source: Source,
  partition: Partition,
  item: string | null,
  { runId, failures }: { readonly runId: string | undefined; readonly failures: readonly Failure[] },
): Promise<AttemptsOnRecord> {
  const logs = await partitionLogs(lake, 'attempts', source, partition);
  const runs = await runsAmong({ lake, state }, source, logs);
  const isRun = ({ runId }: PartitionLog) => runs.has(runId);
  const attempts: AttemptRow[] = [];
  const finalized = new Set(logs.map((log) => log.runId));
  const underWay = [runId, ...failures.map(({ claim }) => claim?.runId)];
  for (const id of new Set(underWay)) {
    if (id === undefined || finalized.has(id)) continue;
    for await (const { checkpoint } of readCheckpoints(lake, id, source.name, partition))
      attempts.push(checkpoint.attempt);
  }
  const current = attempts.some(({ run_id }) => run_id === runId);
  const chosen = item === null ? sinceLastRun(logs, isRun, current) : ofItem(logs, isRun, failures);
  for (const { key } of chosen) attempts.push(...(await readLog(lake, 'attempts', key)));
  // What targets lacked was asked for by itself: it says nothing of how the items came.
  const lookUps = new Set(
    attempts.filter(({ item_id }) => item_id === LOOK_UP_ID).map(({ run_id }) => run_id),
  );
  const own = attempts
    .filter(({ item_id, run_id }) => (item === null || item_id === item) && !lookUps.has(run_id))
    .sort((a, b) => (a.attempt_id < b.attempt_id ? -1 : 1));
  return {
    attempts: own,
    // The run that is under way has no log yet by which it could be told.
    retries: [...new Set(own.map(({ run_id }) => run_id))].filter((id) => !runs.has(id) && id !== runId),
  };
}

/** The last run that left attempts, unless one is at it now, and the newest retries after it. */
function sinceLastRun(
  logs: readonly PartitionLog[],
  isRun: (log: PartitionLog) => boolean,
  current: boolean,
): PartitionLog[] {
  const at = logs.findIndex(isRun);
  const retries = (at < 0 ? logs : logs.slice(0, at)).slice(0, RETRIES_OF_A_PARTITION);
  return at < 0 || current ? retries : [...retries, logs[at]!];
}

/** The last runs, which try every item, and of the retries those that its failure names. */
function ofItem(
  logs: readonly PartitionLog[],
  isRun: (log: PartitionLog) => boolean,
  failures: readonly Failure[],
): PartitionLog[] {
  const named = new Set(
    failures.flatMap(({ outcomes, closedBy }) => [...outcomes.map(({ runId }) => runId), closedBy]),
  );
  const runs = new Set(logs.filter(isRun).slice(0, RUNS_OF_AN_ITEM));
  return logs.filter((log) => runs.has(log) || named.has(log.runId));
}

/**
 * Those of the logs' runs that were runs; a retry of a failed item is on no such record. The lake remembers
 * the ones that ended, also where the state was reset.
 */
async function runsAmong(
  { lake, state }: Pick<Platform, 'lake' | 'state'>,
  source: Source,
  logs: readonly PartitionLog[],
): Promise<Set<string>> {
  const known = new RunStore(state);
  const isRun = async (id: string): Promise<boolean> => {
    if (await known.get(source.name, id)) return true;
    const day = dayOfRun(id);
    const row = (await lake.head(runLogKey('runs', day, id))) ?? (await lake.head(earlierRunLogKey(day, id)));
    return row !== undefined;
  };
  const ids = [...new Set(logs.map(({ runId }) => runId))];
  const found = await pLimit(RUNS_AT_ONCE).map(ids, isRun);
  return new Set(ids.filter((_, index) => found[index]));
}
