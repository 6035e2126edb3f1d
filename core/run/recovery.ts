import pLimit from 'p-limit';
import { endClaim, takeOver } from '../failures/claim.ts';
import { type FailureKey, FailureStore, keyOf } from '../failures/failure-store.ts';
import type { PartitionJob } from '../job.ts';
import { partitionName, partitionWorkPrefix } from '../lake/layout.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import { workPlaces } from '../lake/work-places.ts';
import { type Platform, sourceNamed } from '../platform.ts';
import { StorageError } from '../ports/storage-error.ts';
import { forgetPublished } from '../publish/published.ts';
import { recordDeaths } from '../scrape/deaths.ts';
import { finalize, isFinalized, resultKey, takeResult } from '../scrape/finalize.ts';
import { ScrapeProgress } from '../scrape/progress.ts';
import type { Source } from '../source/source.ts';
import { RunStore } from '../state/run-store.ts';
import { mergeLogs } from './merge-logs.ts';

/** Side by side, so that a state store on a disk flushes what they forget together. */
const CLEARED_AT_ONCE = 32;
/** Objects of one partition. */
const DELETED_AT_ONCE = 32;

/**
 * Ends what earlier runs of a source left behind: runs that were interrupted and will not be taken up again,
 * partitions that could not be finalized, retries that died. Their attempts, captures and failures go on
 * record, as "every attempt" promises; what they had not published is left to the run that follows. The
 * caller must know that none of the runs is still alive; a retry whose claim has not run out may well be, and
 * is left alone.
 */
export async function closeEarlierRuns(
  platform: Platform,
  sourceName: string,
  except?: string,
): Promise<void> {
  const source = sourceNamed(platform, sourceName);
  const left = (await workPlaces(platform.lake)).filter(
    (place) => place.source === sourceName && place.runId !== except,
  );
  for (const [runId, places] of Map.groupBy(left, ({ runId }) => runId))
    await closeWork(platform, source, runId, places);
  const runs = new RunStore(platform.state);
  for await (const { input, status, unrecorded } of runs.list(sourceName)) {
    const { runId } = input;
    if (runId === except) continue;
    if (status === 'running')
      await runs.finish(sourceName, runId, { status: 'abandoned', at: platform.clock.now() });
    if (unrecorded) await runs.recorded(sourceName, runId);
  }
}

/**
 * Puts on record what a run that is over left in these places, and removes it. False where some of it stays:
 * `mustStop` said so before all was done, or it cannot be closed, which is told.
 */
export async function closeWork(
  platform: Platform,
  source: Source,
  runId: string,
  places: readonly Pick<PartitionJob, 'partition'>[],
  mustStop: () => boolean = () => false,
): Promise<boolean> {
  const closed: Closed[] = [];
  for (const { partition } of places) {
    if (mustStop()) break;
    const one = await finalizeLeftover({ platform, source, runId, partition });
    if (one) closed.push(one);
  }
  await endClosed(platform, source, runId, closed);
  return closed.length === places.length;
}

/** A partition whose attempts are on record; `claimed`: the failure that was being tried again. */
interface Closed {
  readonly context: PartitionJob;
  readonly claimed: FailureKey | undefined;
}

/**
 * One that cannot be closed stays where it is, and says so: it must not keep its source from running for
 * ever.
 */
async function finalizeLeftover(context: PartitionJob): Promise<Closed | undefined> {
  const { platform, source, runId, partition } = context;
  const claimed = await claimedBy(context);
  const failures = new FailureStore(platform.state);
  const now = platform.clock.now();
  if (claimed && !(await takeOver(failures, claimed, runId, now))) return undefined;
  try {
    await finalizeWork(context);
    return { context, claimed };
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const name = partitionName(source.name, partition);
    platform.emit({
      kind: 'warning',
      message: `what run ${runId} left of ${name} cannot be closed: ${message}`,
    });
    return undefined;
  }
}

async function finalizeWork(context: PartitionJob): Promise<void> {
  if (await isFinalized(context)) return;
  await recordDeaths(context);
  const progress = await ScrapeProgress.load(context);
  await finalize(context, { scope: progress.attempts(INDEX_ID) > 0 ? 'partition' : 'items' });
}

/**
 * The tables first, then the claim, then the work: what a claim finds gone it would take up under an id whose
 * records are complete.
 */
async function endClosed(
  platform: Platform,
  source: Source,
  runId: string,
  closed: readonly Closed[],
): Promise<void> {
  const partitions = closed.map(({ context }) => context.partition);
  await mergeLogs(platform, source, runId, partitions);
  for (const { context, claimed } of closed) {
    if (claimed) await endClaim(new FailureStore(platform.state), claimed, runId);
    await clearWork(context);
  }
}

/**
 * Removes what a run that has ended kept for its own resumption. What could not be finalized stays for the
 * next run.
 */
export async function clearFinalized(platform: Platform, sourceName: string, runId: string): Promise<void> {
  const source = sourceNamed(platform, sourceName);
  const places = (await workPlaces(platform.lake, runId)).filter((place) => place.source === sourceName);
  const clear = async ({ partition }: Pick<PartitionJob, 'partition'>) => {
    const context = { platform, source, runId, partition };
    if (await isFinalized(context)) await clearWork(context);
  };
  for (let at = 0; at < places.length; at += CLEARED_AT_ONCE)
    await Promise.all(places.slice(at, at + CLEARED_AT_ONCE).map(clear));
}

/**
 * Puts on record what a scrape that nobody goes on with had fetched of a partition. `claimed`: the failure
 * that it tried again. The next try must be a new run, because this one's records are complete: so its claim
 * ends before its work goes.
 */
export async function closePartition(context: PartitionJob, claimed?: FailureKey): Promise<void> {
  const { platform, source, runId } = context;
  await finalizeWork(context);
  await endClosed(platform, source, runId, [{ context, claimed }]);
}

/** The failure that is being tried again under this run id. */
async function claimedBy({
  platform,
  source,
  runId,
  partition,
}: PartitionJob): Promise<FailureKey | undefined> {
  for await (const failure of new FailureStore(platform.state).list(source.name, partition))
    if (failure.claim?.runId === runId) return keyOf(failure);
  return undefined;
}

/** Removes what a run kept of one partition, once all that outlives it is finalized and published. */
export async function clearWork(context: PartitionJob): Promise<void> {
  const { platform, source, runId, partition } = context;
  const { lake } = platform;
  await forgetPublished(platform, context);
  takeResult(context);
  const listed = await Array.fromAsync(lake.list(partitionWorkPrefix(runId, source.name, partition)));
  const last = resultKey(context);
  const keys = listed.flatMap(({ key }) => (key === last ? [] : [key]));
  await pLimit(DELETED_AT_ONCE).map(keys, (key) => lake.delete(key));
  // As long as it is there, nobody takes what is left for attempts that are still to be put on record.
  if (listed.length > keys.length) await lake.delete(last);
}
