import { type Outcome, reasonText } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { RetryPolicy } from '../source/source.ts';
import { isLetterOf, LOOK_AGAIN_MS } from './claim.ts';
import { closed, type Failure, isUnresolved, type Move, moved, offQueue } from './failure.ts';
import type { FailureKey, FailureStore } from './failure-store.ts';
import { believedDue, coolDownMs, MAX_RETRIES } from './message.ts';

/** How a try that did not recover the item leaves it. */
export type Settled =
  | { readonly kind: 'again'; readonly delayMs: number }
  /** Its letter is still to be written. `redrives`: of the failure. */
  | { readonly kind: 'dead'; readonly why: string; readonly redrives: number }
  /** A person had it tried once more, beside its letter. */
  | { readonly kind: 'still-dead'; readonly why: string }
  | { readonly kind: 'needs-a-person'; readonly why: string }
  | { readonly kind: 'closed'; readonly why: string };

/** Ends a claimed try that failed: due again after the cool-down, dead after its last try, or left to a person. */
export async function settleRetry(
  register: FailureStore,
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
  await register.change(key, (failure) => {
    settled = closedMeanwhile;
    if (!failure) return undefined;
    const { retry, claim } = failure;
    if (claim?.runId !== runId) {
      // Somebody else has ended it, or taken it up: where it is queued still, this message may be its only one.
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
      settled = { kind: 'still-dead', why };
      return free;
    }
    if (!isRetriedLater(outcome.code) || !retry) {
      settled = { kind: 'needs-a-person', why };
      return offQueue(free, move);
    }
    if (!claim.asked && retry.tries >= MAX_RETRIES) {
      const spent = usedUp(retry.tries, why);
      settled = { kind: 'dead', why: spent, redrives: retry.redrives };
      return unburied(free, { ...move, why: spent });
    }
    const dueAt = Math.max(believedDue(retry.dueAt, at), at + coolDownMs(outcome, policy));
    settled = { kind: 'again', delayMs: dueAt - at };
    return { ...free, retry: { ...retry, dueAt } };
  });
  return settled;
}

/** Why an item is a dead letter. */
export function usedUp(tries: number, why: string): string {
  return `${tries} retries failed, the last with ${why}`;
}

/** Dead, its letter still to be written: a process that dies before that leaves a message that does it. */
export function unburied(failure: Failure, move: Move): Failure {
  const { retry } = failure;
  if (!retry) return failure;
  return moved({ ...failure, retry: { ...retry, deadAt: move.at, unburied: true } }, 'dead', move);
}

/** Notes that the letter of a dead failure is written: copies of its message find nothing to do from now on. */
export async function noteBuried(register: FailureStore, key: FailureKey): Promise<void> {
  await register.change(key, (failure) => {
    if (failure?.state !== 'dead' || !failure.retry?.unburied) return undefined;
    const { unburied: _, ...retry } = failure.retry;
    return { ...failure, retry };
  });
}

/** Gives up on a queued failure whose message cannot be handled: it is a dead letter now. Returns how often it was put back. */
export async function noteDead(register: FailureStore, key: FailureKey, move: Move): Promise<number> {
  const after = await register.change(key, (failure) =>
    failure?.state === 'queued' ? unburied({ ...failure, claim: null }, move) : undefined,
  );
  return after?.retry?.redrives ?? 0;
}

/**
 * Takes a failure off the queue: it stays open, and nothing tries it again by itself. A dead one stays dead, unless its
 * message says `redrives`, was put back and will now be acknowledged: there is no letter of it any more.
 */
export async function leaveToPerson(
  register: FailureStore,
  key: FailureKey,
  move: Move,
  redrives?: number,
): Promise<void> {
  await register.change(key, (failure) => {
    const loses = failure && redrives !== undefined && isLetterOf(failure, redrives);
    return failure && (failure.state === 'queued' || loses) ? offQueue(failure, move) : undefined;
  });
}

/**
 * Closes a failure that there is nothing left to recover of, or that nobody wants any more; `only` where that holds of it at
 * that moment.
 */
export async function dismiss(
  register: FailureStore,
  key: FailureKey,
  move: Move,
  only: (failure: Failure) => boolean = () => true,
): Promise<Failure | undefined> {
  return register.change(key, (failure) =>
    isUnresolved(failure) && only(failure) ? closed(failure, 'dismissed', move) : undefined,
  );
}

/**
 * The queue itself gave up on the message that a letter says, and nobody noted it: its failure still looks queued. (A letter
 * that we bury says one redrive more than the message that died.)
 */
export function isGivenUp({ state, retry }: Failure, { redrives }: { readonly redrives: number }): boolean {
  return state === 'queued' && retry?.redrives === redrives;
}

/**
 * Notes that the dead letter of a failure was put back, as a message that says `redrives`: it has all its tries before it,
 * from `dueAt` (milliseconds) on. A worker that was faster has noted it already, and nothing is changed.
 */
export async function noteRedriven(
  register: FailureStore,
  key: FailureKey,
  { redrives, dueAt }: { readonly redrives: number; readonly dueAt: number },
  move: Move,
): Promise<void> {
  await register.change(key, (failure) => {
    if (!failure || (failure.retry?.redrives ?? 0) >= redrives) return undefined;
    const givenUp = isGivenUp(failure, { redrives: redrives - 1 });
    if (failure.state !== 'dead' && !givenUp) return undefined;
    const dead = moved(failure, 'dead', { ...move, why: 'the queue had given up on its message' });
    const retry = { sentAt: move.at, dueAt, tries: 0, redrives, deadAt: null };
    return moved({ ...dead, retry }, 'queued', move);
  });
}
