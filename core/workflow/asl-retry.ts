import type { Retrier } from './asl.ts';

export interface Retry {
  /** Which retrier of the block matched: its count goes up by one. */
  readonly index: number;
  /** Milliseconds to wait before the next try. */
  readonly waitMs: number;
}

/**
 * What Step Functions would do about an error under a `Retry` block: the first retrier that matches decides,
 * and when it is used up the error stands, whatever the retriers after it say.
 * `used` counts the retries so far per retrier since the state was entered; `random` gives [0, 1).
 * Undefined means: do not retry.
 */
export function retryAfter(
  retriers: readonly Retrier[],
  used: readonly number[],
  errorName: string,
  random: () => number,
): Retry | undefined {
  const index = retriers.findIndex((retrier) =>
    retrier.ErrorEquals.some((pattern) => isMatch(pattern, errorName)),
  );
  const retrier = retriers[index];
  const count = used[index] ?? 0;
  if (retrier === undefined || count >= retrier.MaxAttempts) return undefined;
  const seconds = Math.min(
    retrier.IntervalSeconds * retrier.BackoffRate ** count,
    retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  );
  const share = retrier.JitterStrategy === 'FULL' ? random() : 1;
  return { index, waitMs: Math.round(seconds * 1000 * share) };
}

/** `States.TaskFailed` stands for every error but a time-out, `States.ALL` for every error. */
export function isMatch(pattern: string, errorName: string): boolean {
  if (pattern === 'States.ALL') return true;
  if (pattern === 'States.TaskFailed') return errorName !== 'States.Timeout';
  return pattern === errorName;
}
