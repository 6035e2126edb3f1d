import { advise } from '../core/advice/advise.ts';
import { type RunInput, type RunRecord, RunStore } from '../core/state/run-store.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { scrapedOnly, windowOf } from './context.ts';
import { FailedCommand, NotFoundError } from './failure.ts';
import { type Scope, scopesOf } from './filter.ts';
import { cellText } from './print.ts';

/** The record of a run of any source; undefined where there is none. */
export async function runOnRecord(platform: CommandPlatform, id: string): Promise<RunRecord | undefined> {
  const runs = new RunStore(platform.state);
  for (const { name } of platform.sources) {
    const run = await runs.get(name, id);
    if (run) return run;
  }
  return undefined;
}

/** What is thrown where no run of that id is known. */
export function unknownRun(id: string): NotFoundError {
  return new NotFoundError(
    `no run ${cellText(id)} is on record`,
    advise({ kind: 'ended', as: 'unknown-run' }),
  );
}

export interface ResumedRun {
  readonly source: Scope['source'];
  /** What the old run was asked for; of targets that are crawled one by one today. */
  readonly request: Omit<RunInput, 'runId'>;
  /** How the old one ended, in one line. */
  readonly text: string;
}

/**
 * What a new run is asked for that is to do what this one did not come to. Throws where no such run is on
 * record, its source cannot be run, or its execution is still under way.
 */
export async function resumedRun(platform: CommandPlatform, id: string): Promise<ResumedRun> {
  const run = await runOnRecord(platform, id);
  if (!run) throw unknownRun(id);
  const { runId, ...asked } = run.input;
  const [{ source } = undefined!] = scopesOf(scrapedOnly(platform), [asked.source], undefined);
  if (isStack(platform) && run.execution !== null) {
    const execution = await platform.executions.find(run.execution);
    if (execution.kind === 'running')
      throw new FailedCommand(
        `run ${runId} of ${source.name} is still under way: wait until it ends, or stop its execution (${run.execution})`,
      );
  }
  // Such a source finds what is there now, whatever the old run was to find.
  const window = source.cadence.kind === 'every' ? windowOf(source, platform.clock.now(), {}) : asked;
  const { start, end } = window;
  return { source, request: { ...asked, start, end }, text: textOf(run) };
}

function textOf({ input, status, message }: RunRecord): string {
  const { runId, source, start, end } = input;
  const how =
    status === 'running' ? 'has not come to its end' : `ended as ${status}${message ? `: ${message}` : ''}`;
  return cellText(
    `run ${runId} of ${source}, ${start} to ${end}, ${how}; what it was asked for is asked again`,
  );
}
