import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionStatus, Executions } from '../../core/ports/executions.ts';
import { problemText } from '../../core/workflow/problem.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';

type Ended = Extract<ExecutionStatus, { kind: 'ended' }>;

/** As Step Functions spells the ends of an execution. One that is about to be redriven has not ended. */
const ENDS: Readonly<Record<string, Ended['as']>> = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed-out',
  ABORTED: 'stopped',
};

/** Asks Step Functions. Needs states:DescribeExecution on the executions. Close it. */
export function openStepFunctionsExecutions(connection: AwsConnection = {}): Executions & { close(): void } {
  const client = new SFNClient(clientSettings(connection));
  return {
    async find(executionArn) {
      try {
        const { status, stopDate, error, cause } = await client.send(
          new DescribeExecutionCommand({ executionArn }),
        );
        const as = ENDS[String(status)];
        if (as === undefined) return { kind: 'running' };
        const isTold = error !== undefined || cause !== undefined;
        const problem = isTold ? problemText({ Error: error ?? String(status), Cause: cause }) : null;
        return { kind: 'ended', as, at: stopDate?.getTime() ?? 0, problem };
      } catch (thrown) {
        if (awsTrouble(thrown)?.name === 'ExecutionDoesNotExist') return { kind: 'absent' };
        throw awsFailure(thrown, `states:DescribeExecution ${executionArn}`);
      }
    },
    close: () => client.destroy(),
  };
}
