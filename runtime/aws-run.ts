import { reportKey } from '../core/lake/layout.ts';
import type { PipelineEvent } from '../core/platform.ts';
import { readSummary } from '../core/run/stored-summary.ts';
import type { RunInput } from '../core/state/run-store.ts';
import { EVERY_PARTITION_BROKE } from '../core/workflow/workflow.ts';
import { type Execution, Executions, executionProblem } from './aws-executions.ts';
import { isNothingDue, nothingDue, type RunEnd } from './run-end.ts';
import { RunFollower } from './run-follower.ts';
import type { StackPlatform } from './stack.ts';
import { stateMachineOf } from './stack-outputs.ts';

export interface StackRunRequest extends Omit<RunInput, 'runId'> {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onStart?: (start: { readonly runId: string; readonly resumed: boolean }) => void;
  /** Told what the run has done since the last look. */
  readonly onEvent?: (event: PipelineEvent) => void;
  /** Ends the following; the run itself goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the state machine of a source and follows the execution to its end: progress from what its
 * partitions leave in the lake, the end from the summary that summarize leaves there, as a local run's.
 * Throws a `StorageError` where AWS cannot be asked.
 */
export async function runOnStack(platform: StackPlatform, request: StackRunRequest): Promise<RunEnd> {
  const { env, onStart, onEvent = () => {}, signal, ...asked } = request;
  const { source } = asked;
  const { clock, resources } = platform;
  const runId = platform.newId();
  const input: RunInput = { runId, ...asked };
  const executions = new Executions(env);
  try {
    const arn = await executions.start(stateMachineOf(resources, source), runId, input);
    onStart?.({ runId, resumed: false });
    const follower = new RunFollower(platform, runId, onEvent);
    const execution = await executions.follow(arn, { clock, signal, look: () => follower.look() });
    if (execution) return await ended(platform, executions, execution, input);
    const message = `no longer followed: run ${runId} goes on in the stack ${resources.stack} (${arn})`;
    return { kind: 'aborted', runId, message };
  } finally {
    executions.close();
  }
}

async function ended(
  platform: StackPlatform,
  executions: Executions,
  execution: Execution,
  input: RunInput,
): Promise<RunEnd> {
  const { runId, source } = input;
  const { executionArn = '', status, error, output } = execution;
  if (status === 'SUCCEEDED' && isNothingDue(JSON.parse(output ?? 'null')))
    return await nothingDue(platform, input);
  const summary = await readSummary(platform, runId);
  const isPlayed = status === 'SUCCEEDED' || error === EVERY_PARTITION_BROKE;
  if (!summary || !isPlayed) return { kind: 'failed', runId, message: executionProblem(execution) };
  const isBroken = summary.partitions.some(({ result }) => result === 'broken');
  const problems = isBroken ? await executions.brokenPartitions(executionArn, source) : [];
  const report = (await platform.lake.head(reportKey(runId, 'html'))) ? reportKey(runId, 'html') : null;
  return { kind: 'finished', runId, summary, problems, report };
}
