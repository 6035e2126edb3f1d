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
import { partitionName } from '../core/lake/layout.ts';
import type { PartitionWork } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import { causeText, problemText } from '../core/workflow/problem.ts';
import type { AwsOptions } from './aws.ts';
import { connectionOf } from './aws-connection.ts';
import type { BrokenPartition } from './run-end.ts';

/**
 * Milliseconds between two looks at an execution: it takes minutes, and every look is a call that is counted.
 */
const LOOK_MS = 2_000;

export type Execution = DescribeExecutionCommandOutput;

/** Why an execution ended that did not succeed. */
export function executionProblem({ status, error, cause }: Execution): string {
  return `the execution ended ${status}; ${problemText({ Error: error ?? String(status), Cause: cause })}`;
}

/** Executions of the state machines of a stack. Methods throw a `StorageError` where AWS cannot be asked. */
export class Executions {
  readonly #client: SFNClient;

  constructor(env: AwsOptions['env']) {
    this.#client = new SFNClient(clientSettings(connectionOf(env)));
  }

  /** Returns its ARN. `name`: asked for twice with the same one, it is started once. */
  async start(stateMachineArn: string, name: string, input: object): Promise<string> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    const { executionArn = '' } = await this.#attempt('states:StartExecution', stateMachineArn, () =>
      this.#client.send(command),
    );
    return executionArn;
  }

  describe(executionArn: string): Promise<Execution> {
    return this.#attempt('states:DescribeExecution', executionArn, () =>
      this.#client.send(new DescribeExecutionCommand({ executionArn })),
    );
  }

  /**
   * Follows one to its end, and returns that; undefined where the signal ended the following. `look`: called
   * after each description, the last one included.
   */
  async follow(
    executionArn: string,
    { clock, signal, look }: { clock: Clock; signal: AbortSignal | undefined; look(): Promise<void> },
  ): Promise<Execution | undefined> {
    for (;;) {
      const execution = await this.describe(executionArn);
      await look();
      if (execution.status !== 'RUNNING' && execution.status !== 'PENDING_REDRIVE') return execution;
      await clock.sleep(LOOK_MS, signal).catch((reason: unknown) => {
        if (!signal?.aborted) throw reason;
      });
      if (signal?.aborted) return undefined;
    }
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
          message: error === undefined ? causeText(cause) : problemText({ Error: error, Cause: cause }),
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
