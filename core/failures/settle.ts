import { type Outcome, reasonText } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { RetryPolicy } from '../source/source-policy.ts';
import { LOOK_AGAIN_MS, whyDead } from './claim.ts';
import { closed, dead, type Failure, isUnresolved, type Move, offQueue } from './failure.ts';
import type { FailureKey, FailureStore } from './failure-store.ts';
import { believedDue, coolDownMs, MAX_RETRIES } from './retry-policy.ts';

/** How a try that did not recover the item leaves it. */
export type Settled =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly why: string }
  | { readonly kind: 'needs-a-person'; readonly why: string }
  | { readonly kind: 'closed'; readonly why: string };

/**
 * Ends a claimed try that failed: due again after the cool-down, dead after its last try, or left to a
 * person.
 */
export async function settleRetry(
  failures: FailureStore,
  key: FailureKey,
  {
    runId,
    outcome,
    policy,
    at,
  }: {
    readonly runId: string;
    readonly outcome: Outcome;
    readonly policy: RetryPolicy;
    /** Milliseconds. */
    readonly at: number;
  },
): Promise<Settled> {
  const why = reasonText(outcome);
  const move = { at, by: runId, why };
  const closedMeanwhile: Settled = { kind: 'closed', why: 'it was closed meanwhile' };
  let settled: Settled = closedMeanwhile;
  await failures.change(key, (failure) => {
    settled = closedMeanwhile;
    if (!failure) return undefined;
    const { retry, claim } = failure;
    if (claim?.runId !== runId) {
      // Somebody else has ended it, or taken it up: where it is queued still, this message may be its only
      // one.
      if (failure.state === 'queued')
        settled = {
          kind: 'again',
          delayMs: Math.max(LOOK_AGAIN_MS, believedDue(retry?.dueAt ?? at, at) - at),
        };
      return undefined;
    }
    const free: Failure = { ...failure, claim: null };
    if (!isUnresolved(failure)) return free;
    if (failure.state === 'dead') {
      settled = claim.asked
        ? { kind: 'needs-a-person', why: `${why}; it stays a dead letter` }
        : { kind: 'dead', why: whyDead(failure) };
      return free;
    }
    if (!isRetriedLater(outcome.code) || !retry) {
      settled = { kind: 'needs-a-person', why };
      return offQueue(free, move);
    }
    if (!claim.asked && retry.tries >= MAX_RETRIES) {
      const spent = usedUp(retry.tries, why);
      settled = { kind: 'dead', why: spent };
      return dead(free, { ...move, why: spent });
    }
    const dueAt = Math.max(believedDue(retry.dueAt, at), at + coolDownMs(outcome, policy));
    settled = { kind: 'again', delayMs: dueAt - at };
    return { ...free, retry: { ...retry, dueAt } };
  });
  return settled;
}

/** Why an item is dead whose tries are used up. */
export function usedUp(tries: number, why: string): string {
  return `${tries} retries failed, the last with ${why}`;
}

/** Gives up on a queued failure whose message cannot be handled. */
export async function giveUp(failures: FailureStore, key: FailureKey, move: Move): Promise<void> {
  await failures.change(key, (failure) => (failure?.state === 'queued' ? dead(failure, move) : undefined));
}

/**
 * Takes a failure off the queue: it stays open, and nothing tries it again by itself. A dead one stays dead.
 */
export async function leaveToPerson(failures: FailureStore, key: FailureKey, move: Move): Promise<void> {
  await failures.change(key, (failure) =>
    failure?.state === 'queued' ? offQueue(failure, move) : undefined,
  );
}

/**
 * Closes a failure that there is nothing left to recover of, or that nobody wants any more; `only` where that
 * holds of it at that moment.
 */
export async function dismiss(
  failures: FailureStore,
  key: FailureKey,
  move: Move,
  only: (failure: Failure) => boolean = () => true,
): Promise<Failure | undefined> {
  return failures.change(key, (failure) =>
    isUnresolved(failure) && only(failure) ? closed(failure, 'dismissed', move) : undefined,
  );
}
