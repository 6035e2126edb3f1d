import type { Outcome } from '../outcome/outcome.ts';
import type { RetryPolicy } from '../source/source-policy.ts';
import type { Failure } from './failure.ts';

/** Tries after the run in which an item failed; then its failure is dead. */
export const MAX_RETRIES = 3;

/**
 * Deliveries are spent by waiting as well (a queue delays by 15 minutes at most), and by crashes: far more
 * than tries.
 */
export const MAX_DELIVERIES = 100;

const MINUTE_MS = 60_000;
const COOL_DOWN_MINUTES = 45;
/**
 * A site that says "in two seconds" after all retries of a run failed is not taken at its word: three tries
 * would be gone at once.
 */
const MIN_WAIT_MS = MINUTE_MS;
/** A message cannot be hidden for longer than this (SQS), and a day later the next run asks anyway. */
export const MAX_WAIT_MS = 12 * 60 * MINUTE_MS;

/**
 * Tries that the queue still has for it: none once it is dead. Undefined where it never was the queue's, or
 * is no more.
 */
export function triesLeft({ state, retry }: Pick<Failure, 'state' | 'retry'>): number | undefined {
  if (state === 'dead') return 0;
  return state === 'queued' ? Math.max(0, MAX_RETRIES - (retry?.tries ?? 0)) : undefined;
}

/**
 * When an item is due: a time further ahead than any cool-down was written by a clock that ran ahead, and is
 * not believed. Left out rather than cut: what is cut at every reading moves on with the clock and never
 * comes. Milliseconds.
 */
export function believedDue(dueAt: number, now: number): number {
  return dueAt > now + MAX_WAIT_MS ? now : dueAt;
}

/**
 * Milliseconds to stay away from an item after this outcome: the source's cool-down, or what Retry-After
 * asked for.
 */
export function coolDownMs(outcome: Outcome, policy: Pick<RetryPolicy, 'coolDownMinutes'>): number {
  const usual = (policy.coolDownMinutes ?? COOL_DOWN_MINUTES) * MINUTE_MS;
  if (outcome.retryAfterMs === undefined) return usual;
  return Math.min(Math.max(outcome.retryAfterMs, MIN_WAIT_MS), MAX_WAIT_MS);
}
