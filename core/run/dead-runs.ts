import { unlessCorrupt } from '../lake/manifest.ts';
import { workPlaces } from '../lake/work-places.ts';
import type { Platform } from '../platform.ts';
import type { ExecutionStatus } from '../ports/executions.ts';
import { StorageError } from '../ports/storage-error.ts';
import type { Source } from '../source/source.ts';
import { type RunRecord, RunStore } from '../state/run-store.ts';
import { closeWork } from './recovery.ts';
import { readSummary } from './stored-summary.ts';

/** Runs that are looked at: one of them was begun when the one that died was the newest, or soon after. */
const MOST_RUNS = 20;
/** A function that was at work goes on when its execution is stopped; no function of Lambda has longer. */
const FUNCTION_MS = 15 * 60_000;
/** What a run keeps below `work/` is deleted then: one whose execution nobody knows is over at last. */
const WORK_MS = 14 * 86_400_000;

type Over = Exclude<ExecutionStatus, { readonly kind: 'running' }>;

/**
 * Ends runs whose execution came to no end of its own, because it was stopped, timed out, or its report
 * broke: nothing in the execution can tell of that, so the next run of the source asks. What they had fetched
 * goes on record, as locally (`closeEarlierRuns`), once none of their functions can be at work any more; what
 * there is no time for is left to the run after this one (`except`).
 */
export async function endDeadRuns(
  platform: Platform,
  source: Source,
  { except, mustStop = () => false }: { readonly except: string; readonly mustStop?: () => boolean },
): Promise<void> {
  if (!platform.executions) return;
  const runs = new RunStore(platform.state);
  for (const run of await Array.fromAsync(runs.recent(source.name, MOST_RUNS))) {
    const { runId } = run.input;
    if (runId === except || (run.status !== 'running' && !run.unrecorded)) continue;
    const over = await endOf(platform, run);
    if (!over) continue;
    await runs.finish(source.name, runId, await verdictOn(platform, run, over));
    const endedAt = over.kind === 'ended' ? over.at : run.startedAt;
    if (platform.clock.now() - endedAt < FUNCTION_MS) continue;
    const places = (await workPlaces(platform.lake, runId)).filter((place) => place.source === source.name);
    if (await closeWork(platform, source, runId, places, mustStop)) await runs.recorded(source.name, runId);
  }
}

/** How the execution of a run ended; undefined where it is still under way, or nobody can tell. */
async function endOf(
  { executions, clock, emit }: Platform,
  { input, execution, startedAt }: RunRecord,
): Promise<Over | undefined> {
  if (execution === null) return clock.now() - startedAt < WORK_MS ? undefined : { kind: 'absent' };
  try {
    const status = await executions!.find(execution);
    return status.kind === 'running' ? undefined : status;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // It must not keep its source from running.
    emit({ kind: 'warning', message: `whether run ${input.runId} is over cannot be told: ${error.message}` });
    return undefined;
  }
}

async function verdictOn(
  platform: Platform,
  { input }: RunRecord,
  over: Over,
): Promise<Parameters<RunStore['finish']>[2]> {
  const at = over.kind === 'ended' ? over.at : platform.clock.now();
  const summary = await readSummary(platform, input.runId).catch(unlessCorrupt);
  if (summary) return { status: summary.run.status, at, unrecorded: true };
  const status = over.kind === 'ended' && over.as !== 'stopped' ? 'failed' : 'abandoned';
  return { status, at, message: textOf(over), unrecorded: true };
}

const WORDS: Readonly<Record<Extract<Over, { kind: 'ended' }>['as'], string>> = {
  succeeded: 'its execution ended without a report',
  failed: 'its execution failed',
  'timed-out': 'its execution timed out',
  stopped: 'its execution was stopped',
};

function textOf(over: Over): string {
  if (over.kind === 'absent') return 'its execution is no longer known';
  return over.problem === null ? WORDS[over.as] : `${WORDS[over.as]}: ${over.problem}`;
}
