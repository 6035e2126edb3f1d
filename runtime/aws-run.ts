import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  paginateListExecutions,
  paginateListMapRuns,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { awsFailure } from '../adapters/aws/aws-failure.ts';
import { clientSettings } from '../adapters/aws/client-settings.ts';
import { civilDate } from '../core/calendar/civil-date.ts';
import { partitionName, reportKey } from '../core/lake/layout.ts';
import type { PartitionWork, PipelineEvent } from '../core/platform.ts';
import { readSummary } from '../core/run/summarize.ts';
import type { RunInput } from '../core/state/run-store.ts';
import { connectionOf } from './aws.ts';
import { type BrokenPartition, isNothingDue, nothingDue, type RunEnd } from './run-end.ts';
import { RunFollower } from './run-follower.ts';
import type { StackPlatform } from './stack.ts';
import { stateMachineOf } from './stack-outputs.ts';

/**
 * Milliseconds between two looks at a run: an execution takes minutes, and every look is a call that is
 * counted.
 */
const LOOK_MS = 2_000;

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
  const executions = new Executions(new SFNClient(clientSettings(connectionOf(env))));
  try {
    // The run's own id as the name: asked for twice, it is started once.
    const arn = await executions.start(stateMachineOf(resources, source), runId, input);
    onStart?.({ runId, resumed: false });
    const follower = new RunFollower(platform, runId, onEvent);
    for (;;) {
      const execution = await executions.describe(arn);
      await follower.look();
      if (execution.status !== 'RUNNING' && execution.status !== 'PENDING_REDRIVE')
        return await ended(platform, executions, execution, input);
      await clock.sleep(LOOK_MS, signal).catch((reason: unknown) => {
        if (!signal?.aborted) throw reason;
      });
      if (signal?.aborted) {
        const message = `no longer followed: run ${runId} goes on in the stack ${resources.stack} (${arn})`;
        return { kind: 'aborted', runId, message };
      }
    }
  } finally {
    executions.close();
  }
}

async function ended(
  platform: StackPlatform,
  executions: Executions,
  { executionArn = '', status, error, cause, output }: DescribeExecutionCommandOutput,
  input: RunInput,
): Promise<RunEnd> {
  const { runId, source } = input;
  if (status === 'SUCCEEDED' && isNothingDue(JSON.parse(output ?? 'null')))
    return await nothingDue(platform, input);
  const summary = await readSummary(platform, runId);
  if (!summary || status !== 'SUCCEEDED') {
    const message = `${error ?? status}: ${messageOf(cause)}`;
    return { kind: 'failed', runId, message: `the execution ended ${status}; ${message}` };
  }
  const isBroken = summary.partitions.some(({ result }) => result === 'broken');
  const problems = isBroken ? await executions.brokenPartitions(executionArn, source) : [];
  const report = (await platform.lake.head(reportKey(runId, 'html'))) ? reportKey(runId, 'html') : null;
  return { kind: 'finished', runId, summary, problems, report };
}

/** What Lambda puts around an error: `{ errorType, errorMessage, trace }`. */
function messageOf(cause: string | undefined): string {
  try {
    const { errorMessage } = JSON.parse(cause ?? '') as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
  } catch {
    // Not every cause comes from a Lambda.
  }
  return cause || 'no cause was given';
}

class Executions {
  readonly #client: SFNClient;

  constructor(client: SFNClient) {
    this.#client = client;
  }

  async start(stateMachineArn: string, name: string, input: RunInput): Promise<string> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    const { executionArn = '' } = await this.#attempt('states:StartExecution', stateMachineArn, () =>
      this.#client.send(command),
    );
    return executionArn;
  }

  describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    return this.#attempt('states:DescribeExecution', executionArn, () =>
      this.#client.send(new DescribeExecutionCommand({ executionArn })),
    );
  }

  /** The children of the Map Run that failed for good, each with the error of its last stage. */
  brokenPartitions(executionArn: string, source: string): Promise<BrokenPartition[]> {
    return this.#attempt('states:ListMapRuns', executionArn, async () => {
      const broken: BrokenPartition[] = [];
      for await (const child of this.#failedChildren(executionArn)) {
        const { input = '{}', error, cause } = await this.describe(child);
        const { value, date } = JSON.parse(input) as PartitionWork;
        broken.push({
          name: partitionName(source, { value, date: civilDate(date) }),
          message: error === undefined ? messageOf(cause) : `${error}: ${messageOf(cause)}`,
        });
      }
      return broken;
    });
  }

  /** Their ARNs. */
  async *#failedChildren(executionArn: string): AsyncGenerator<string> {
    const settings = { client: this.#client };
    for await (const { mapRuns = [] } of paginateListMapRuns(settings, { executionArn })) {
      for (const { mapRunArn } of mapRuns) {
        const failed = { mapRunArn, statusFilter: 'FAILED' as const };
        for await (const { executions = [] } of paginateListExecutions(settings, failed))
          for (const child of executions) yield child.executionArn ?? '';
      }
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #attempt<T>(action: string, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw awsFailure(error, `${action} ${what}`);
    }
  }
}
