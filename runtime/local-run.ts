import { civilDate } from '../core/calendar/civil-date.ts';
import { timeOfId } from '../core/calendar/run-id.ts';
import { reportKey } from '../core/lake/layout.ts';
import type { PartitionWork } from '../core/platform.ts';
import { settleIn } from '../core/publish/moved-lake.ts';
import { otherDates } from '../core/run/make-plan.ts';
import { clearFinalized, closeEarlierRuns } from '../core/run/recovery.ts';
import { readSummary } from '../core/run/stored-summary.ts';
import { readWorkList } from '../core/run/work-list.ts';
import type { Partition, Source } from '../core/source/source.ts';
import { STAGES } from '../core/stages.ts';
import { type RunInput, RunStore } from '../core/state/run-store.ts';
import {
  dailyRescrape,
  EVERY_PARTITION_BROKE,
  LOCAL_RESOURCES,
  STAGE_NAMES,
  type StageName,
  scrapeRetryOf,
} from '../core/workflow/workflow.ts';
import type { LocalPlatform } from './local.ts';
import type { EnrichmentEnd } from './local-enrichment.ts';
import { runWorkflow, type Stage, type WorkflowEvent } from './local-workflow.ts';
import { type BrokenPartition, isNothingDue, nothingDue, type RunEnd } from './run-end.ts';
import { lockRun } from './run-lock.ts';
import { stoppable } from './stoppable.ts';

/**
 * Partitions under way at once: enough that some work while others wait for a retry; politeness is kept per
 * host.
 */
export const MAX_PARTITIONS = 8;
/** An interrupted run is taken up again within this time; later its pages would mix two days. */
const RESUME_WITHIN_MS = 12 * 3_600_000;

const GO_ON = 'interrupted; run the same command again to go on where it stopped';

export interface RunRequest extends Omit<RunInput, 'runId'> {
  readonly signal?: AbortSignal;
  readonly onWorkflowEvent?: (event: WorkflowEvent) => void;
  /** Told before anything happens. */
  readonly onStart?: (start: { readonly runId: string; readonly resumed: boolean }) => void;
}

/** Plays the daily rescrape on this machine, or takes up the interrupted one that was asked for the same. */
export async function runLocally(platform: LocalPlatform, request: RunRequest): Promise<RunEnd> {
  const unlock = await lockRun(platform, request.source);
  try {
    return await runLocked(platform, request);
  } finally {
    unlock();
  }
}

async function runLocked(platform: LocalPlatform, request: RunRequest): Promise<RunEnd> {
  const { source, start, end, targets, where, all, force, signal, onWorkflowEvent } = request;
  const asked = {
    ...{ source, start, end, force },
    ...(targets && { targets }),
    ...(where && { where }),
    ...(all && { all }),
  };
  const moved = await settleIn(platform);
  if (moved !== undefined) platform.emit({ kind: 'warning', message: moved });
  const runs = new RunStore(platform.state);
  const interrupted = await findInterrupted(platform, runs, asked);
  const asking = platform.sources.find(({ name }) => name === source)!;
  const refused = interrupted === undefined && otherDates(asking, asked, platform.clock.now());
  if (refused) throw refused;
  const runId = interrupted ?? platform.newId();
  request.onStart?.({ runId, resumed: interrupted !== undefined });
  await closeEarlierRuns(platform, source, runId);

  const definition = dailyRescrape({
    resources: LOCAL_RESOURCES,
    workListBucket: 'local',
    retry: asking.retry,
    scrapeRetry: scrapeRetryOf(asking),
    maxConcurrency: MAX_PARTITIONS,
    toleratedFailurePercentage: 100,
  });
  // The stage is called again after its own wait, and then rests for as long as the host does.
  const withPause = (event: WorkflowEvent): WorkflowEvent =>
    event.kind === 'retry-waiting' && event.stage === 'scrape'
      ? { ...event, waitMs: Math.max(event.waitMs, platform.pausedMs(asking)) }
      : event;
  const problems: BrokenPartition[] = [];
  const result = await runWorkflow(definition, {
    input: { ...asked, runId } satisfies RunInput,
    // One that is taken up again goes on as the same.
    execution: runId,
    stages: stagesOf(stoppable(platform, signal), asking, () => signal?.aborted ?? false),
    readLines: ({ key }) => readWorkList(platform, key),
    clock: platform.clock,
    ...(signal && { signal }),
    onEvent: (event) => {
      if (event.kind === 'child-failed') {
        const { value, date } = event.input as PartitionWork;
        problems.push({ name: `${source}/${value}/${date}`, message: event.error.message });
      }
      onWorkflowEvent?.(withPause(event));
    },
  });
  if (result.kind === 'aborted') return { kind: 'aborted', runId, message: GO_ON };
  if (result.kind === 'succeeded' && isNothingDue(result.output))
    return await nothingDue(platform, { ...asked, runId });
  const summary = await readSummary(platform, runId);
  const isPlayed = result.kind === 'succeeded' || result.error.name === EVERY_PARTITION_BROKE;
  if (!isPlayed || !summary) {
    const message = result.kind === 'failed' ? result.error.message : 'the summary stage left no summary';
    await runs.finish(source, runId, { status: 'failed', at: platform.clock.now(), message });
    await closeEarlierRuns(platform, source);
    return { kind: 'failed', runId, message };
  }
  await clearFinalized(platform, source, runId);
  const report = (await platform.lake.head(reportKey(runId, 'html'))) ? reportKey(runId, 'html') : null;
  const enrichment = asking.enrich && (await enriched(platform, () => signal?.aborted ?? false));
  return { kind: 'finished', runId, summary, problems, report, ...(enrichment && { enrichment }) };
}

/** Most sources have nothing that is enriched, and need none of its modules. */
async function enriched(platform: LocalPlatform, mustStop: () => boolean): Promise<EnrichmentEnd> {
  const { enrichLocally } = await import('./local-enrichment.ts');
  return enrichLocally(platform, mustStop);
}

/** What is published goes on to be enriched at once, so that a worker has something to do meanwhile. */
function stagesOf(
  platform: LocalPlatform,
  source: Source,
  mustStop: () => boolean,
): Record<StageName, Stage> {
  const bound = STAGE_NAMES.map((name): [StageName, Stage] => [
    name,
    async (payload) => {
      const answer = await STAGES[name](platform, payload as never, mustStop);
      if (name === 'publish' && source.enrich) {
        const { forward } = await import('../core/publish-entities/forward.ts');
        await forward(platform, source, partitionOf(payload as PartitionWork));
      }
      return answer;
    },
  ]);
  return Object.fromEntries(bound) as Record<StageName, Stage>;
}

function partitionOf({ value, date }: PartitionWork): Partition {
  return { value, date: civilDate(date) };
}

/** The newest run that never ended and was asked for exactly this. */
async function findInterrupted(
  platform: LocalPlatform,
  runs: RunStore,
  asked: Omit<RunInput, 'runId'>,
): Promise<string | undefined> {
  for await (const { input, status } of runs.list(asked.source)) {
    if (status !== 'running') return undefined;
    const { runId, ...was } = input;
    // Of one that a clock began which ran ahead nobody knows how old it is.
    const recent = Math.abs(platform.clock.now() - timeOfId(runId)) < RESUME_WITHIN_MS;
    if (recent && sameAsked(was, asked)) return runId;
  }
  return undefined;
}

function sameAsked(a: Omit<RunInput, 'runId'>, b: Omit<RunInput, 'runId'>): boolean {
  const text = ({ source, start, end, targets, where, all, force }: Omit<RunInput, 'runId'>) =>
    JSON.stringify([source, start, end, targets ? [...targets].sort() : null, where, all === true, force]);
  return text(a) === text(b);
}
