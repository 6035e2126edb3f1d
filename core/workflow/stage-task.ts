import type { RetryPolicy } from '../source/source-policy.ts';
import type { Retrier, TaskState, Transition } from './asl.ts';

/**
 * Error names that a stage throws to ask the workflow for another try; every other name is final.
 * `RateLimited` and `Transient`: wait, then scrape what is missing. `Conflict`: another run committed in
 * between.
 */
export type RetryableErrorName = 'RateLimited' | 'Transient' | 'Conflict';

/** Lambda's own trouble. Jittered, because then many children fail at once and must not come back at once. */
const LAMBDA_SERVICE_ERRORS: Retrier = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 6,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/**
 * The function died (out of memory, time-out). Stages resume from checkpoints, so a second life usually ends
 * it. Lambda answers with the names that begin with `Runtime.` where the process is gone; `Lambda.Unknown` is
 * what older runtimes got.
 */
const FUNCTION_DIED: Retrier = {
  ErrorEquals: ['Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError', 'Runtime.OutOfMemory'],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 2,
  JitterStrategy: 'FULL',
};

/** Every stage gets all that its execution knows so far; it reads what it needs of it. */
export function invocation(functionName: string, retriers: readonly Retrier[], next: Transition): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: functionName, 'Payload.$': '$' },
    Retry: retriers,
    ...next,
  };
}

/** What a stage gets that must know which execution calls it: its ARN, and here the id of the run. */
export interface ExecutionPayload<Input> {
  readonly input: Input;
  readonly execution: string;
}

/** An invocation whose payload is an `ExecutionPayload`. */
export function invocationByExecution(...given: Parameters<typeof invocation>): TaskState {
  const task = invocation(...given);
  const { FunctionName } = task.Parameters;
  const Payload = { 'input.$': '$', 'execution.$': '$$.Execution.Id' };
  return { ...task, Parameters: { FunctionName, Payload } };
}

/** Which errors of a stage are tried again, and how often. */
export function retriersFor(errors: readonly RetryableErrorName[], retry: RetryPolicy): readonly Retrier[] {
  const asked: Retrier = {
    ErrorEquals: errors,
    IntervalSeconds: retry.intervalSeconds,
    BackoffRate: retry.backoffRate,
    MaxAttempts: retry.attempts,
    // 2, 4 and 8 s are a promise, so no jitter here: the rate limiter already spaces the requests of one
    // site, and the jitter against crowds is in the retrier of Lambda's own errors.
    JitterStrategy: 'NONE',
  };
  return [asked, LAMBDA_SERVICE_ERRORS, FUNCTION_DIED];
}
