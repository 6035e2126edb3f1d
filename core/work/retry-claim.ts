import type { Outcome } from '../outcome/outcome.ts';
import type { RetryPolicy } from '../source/source.ts';
import { coolDownMs, type FailedItemMessage, isRetriedLater, MAX_RETRIES } from './failed-item.ts';
import { closed, type Failure, isUnresolved, type Move, moved, offQueue } from './failure.ts';
import type { FailureKey, FailureRegister } from './failure-register.ts';

/** The longest that a Lambda lives: a try that is still claimed after that has died. Milliseconds. */
const CLAIM_MS = 15 * 60_000;
/** A try that asks for more pages renews its claim when less than this is left: one page may wait out a pause of its host. */
export const CLAIM_SPARE_MS = 10 * 60_000;

/** What may be done about a failure now. */
export type Claim =
  /** Try it, as `runId`: a new run, or the one that died in the middle and left its checkpoints. */
  | { readonly kind: 'claimed'; readonly failure: Failure; readonly runId: string; readonly until: number }
  /** Nothing to try; what a try that died as `runId` left behind is to be put on record first. */
  | { readonly kind: 'left-behind'; readonly runId: string; readonly why: string }
  | { readonly kind: 'closed'; readonly why: string }
  /** Its tries are used up, and whoever found that out died before the letter was written. `redrives`: of the failure. */
  | { readonly kind: 'unburied'; readonly why: string; readonly redrives: number }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'needs-a-person'; readonly why: string };

/** Who wants the try: a message, with what it says, or a person at this machine, who need not wait for the cool-down. */
export type Wish =
  | ({ readonly kind: 'message' } & Pick<FailedItemMessage, 'notBefore' | 'redrives' | 'askedAt'>)
  | { readonly kind: 'person' };

/**
 * Claims a failure for one try. Of two workers with a copy of the message each, one gets it and the other waits; the try
 * of a worker that died is taken up under its own run id once its claim has run out, and counts once.
 */
export async function claimRetry(
  register: FailureRegister,
  key: FailureKey,
  wish: Wish,
  { now, newRunId }: { readonly now: number; readonly newRunId: string },
): Promise<Claim> {
  let claim: Claim = { kind: 'closed', why: 'no failure is on record' };
  await register.change(key, (failure) => {
    claim = failure
      ? judge(failure, wish, now, newRunId)
      : { kind: 'closed', why: 'no failure is on record' };
    if (!failure) return undefined;
    if (claim.kind === 'needs-a-person')
      return failure.state === 'queued' || (wish.kind === 'message' && isPutBack(failure, wish.redrives))
        ? offQueue(failure, { at: now, by: failure.lastRunId, why: claim.why })
        : undefined;
    return claim.kind === 'claimed' ? claimed(failure, wish, claim.runId, now) : undefined;
  });
  return claim;
}

function judge(failure: Failure, wish: Wish, now: number, newRunId: string): Claim {
  const { state, code, claim, retry } = failure;
  if (claim && claim.until > now) return { kind: 'wait', delayMs: claim.until - now };
  if (!isUnresolved(failure)) {
    const why = `it is ${state}`;
    return claim ? { kind: 'left-behind', runId: claim.runId, why } : { kind: 'closed', why };
  }
  const until = now + CLAIM_MS;
  const take: Claim = { kind: 'claimed', failure, runId: claim?.runId ?? newRunId, until };
  if (wish.kind === 'person' || isAsked(failure, wish)) return take;
  if (state === 'dead' && !isPutBack(failure, wish.redrives)) {
    if (retry?.unburied)
      return {
        kind: 'unburied',
        why: failure.transitions.at(-1)?.why ?? code,
        redrives: retry.redrives,
      };
    return { kind: 'closed', why: 'its tries are used up; this is a copy of the message that died' };
  }
  if (!isRetriedLater(code)) return { kind: 'needs-a-person', why: code };
  // Put back, and whoever did it has not noted it: the message knows when it is due.
  if (state === 'dead') return wish.notBefore > now ? { kind: 'wait', delayMs: wish.notBefore - now } : take;
  const before = failure.transitions.at(-2)?.state;
  if (state === 'open' && (before === 'queued' || before === 'dead'))
    return { kind: 'closed', why: 'it was taken off the queue' };
  const dueAt = claim ? now : (retry?.dueAt ?? wish.notBefore);
  return dueAt > now ? { kind: 'wait', delayMs: dueAt - now } : take;
}

/** A person wants it: here, through the queue, or before the worker died that was to do it. */
function isAsked({ claim, lastFailedAt }: Failure, wish: Wish): boolean {
  if (claim) return claim.asked;
  return wish.kind === 'person' || (wish.askedAt !== undefined && wish.askedAt > lastFailedAt);
}

/** A message that says more redrives than its dead failure knows of is a letter that somebody put back. */
function isPutBack({ state, retry }: Failure, redrives: number): boolean {
  return state === 'dead' && redrives > (retry?.redrives ?? 0);
}

/** The message with so many redrives is the letter of a dead failure: put back, or not written yet. There is no other one. */
export function isLetterOf(failure: Failure, redrives: number): boolean {
  return isPutBack(failure, redrives) || (failure.state === 'dead' && failure.retry?.unburied === true);
}

function claimed(failure: Failure, wish: Wish, runId: string, now: number): Failure {
  const { retry, claim } = failure;
  const asked = isAsked(failure, wish);
  const next = { ...failure, claim: { runId, until: now + CLAIM_MS, asked } };
  if (asked || wish.kind === 'person') return next;
  // A dead letter that comes again was put back by somebody: it has all its tries before it.
  const alive = retry?.deadAt === null ? retry : undefined;
  const queued = {
    ...next,
    retry: {
      sentAt: alive?.sentAt ?? now,
      dueAt: alive?.dueAt ?? now,
      tries: (alive?.tries ?? 0) + (claim ? 0 : 1),
      redrives: Math.max(retry?.redrives ?? 0, wish.redrives),
      deadAt: null,
    },
  };
  const why = retry ? 'put back from the dead letters' : 'its message came';
  return moved(queued, 'queued', { at: now, by: runId, why });
}

/** How a try that did not recover the item leaves it. */
export type Settled =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly tries: number; readonly redrives: number }
  /** A person had it tried once more, beside its letter. */
  | { readonly kind: 'still-dead' }
  | { readonly kind: 'needs-a-person' }
  | { readonly kind: 'closed' };

/** Ends a claimed try that failed: due again after the cool-down, dead after its last try, or left to a person. */
export async function settleRetry(
  register: FailureRegister,
  key: FailureKey,
  outcome: Outcome,
  policy: RetryPolicy,
  move: Move,
): Promise<Settled> {
  let settled: Settled = { kind: 'closed' };
  await register.change(key, (failure) => {
    settled = { kind: 'closed' };
    if (!failure?.claim) return undefined;
    const { retry, claim } = failure;
    const free: Failure = { ...failure, claim: null };
    if (!isUnresolved(failure)) return free;
    if (failure.state === 'dead') {
      settled = { kind: 'still-dead' };
      return free;
    }
    if (!isRetriedLater(outcome.code) || !retry) {
      settled = { kind: 'needs-a-person' };
      return offQueue(free, move);
    }
    if (!claim.asked && retry.tries >= MAX_RETRIES) {
      settled = { kind: 'dead', tries: retry.tries, redrives: retry.redrives };
      return moved({ ...free, retry: { ...retry, deadAt: move.at, unburied: true } }, 'dead', move);
    }
    const delayMs = coolDownMs(outcome, policy);
    settled = { kind: 'again', delayMs };
    return { ...free, retry: { ...retry, dueAt: move.at + delayMs } };
  });
  return settled;
}

/** Gives a claim back before the try has ended (time is up), for the next delivery to take up under the same run id. */
export async function yieldClaim(register: FailureRegister, key: FailureKey, now: number): Promise<void> {
  await register.change(key, (failure) =>
    failure?.claim ? { ...failure, claim: { ...failure.claim, until: now } } : undefined,
  );
}

/** Ends a claim whose run has nothing left to do. */
export async function endClaim(register: FailureRegister, key: FailureKey, runId: string): Promise<void> {
  await register.change(key, (failure) =>
    failure?.claim?.runId === runId ? { ...failure, claim: null } : undefined,
  );
}

/**
 * Takes a failure off the queue: it stays open, and nothing tries it again by itself. A dead one stays dead, unless its
 * message says `redrives`, was put back and will now be acknowledged: there is no letter of it any more.
 */
export async function leaveToPerson(
  register: FailureRegister,
  key: FailureKey,
  move: Move,
  redrives?: number,
): Promise<void> {
  const losesLetter = (failure: Failure) => redrives !== undefined && isLetterOf(failure, redrives);
  await register.change(key, (failure) =>
    failure && (failure.state === 'queued' || losesLetter(failure)) ? offQueue(failure, move) : undefined,
  );
}

/**
 * Closes a failure that there is nothing left to recover of, or that nobody wants any more; `only` where that holds of it at
 * that moment.
 */
export async function dismiss(
  register: FailureRegister,
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
  register: FailureRegister,
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

/** Notes that the message of a failure died for want of deliveries: it is a dead letter now. */
export async function noteDead(register: FailureRegister, key: FailureKey, move: Move): Promise<void> {
  await register.change(key, (failure) =>
    failure?.state === 'queued' && failure.retry
      ? moved(
          { ...failure, claim: null, retry: { ...failure.retry, deadAt: move.at, unburied: true } },
          'dead',
          move,
        )
      : undefined,
  );
}

/** Notes that the letter of a dead failure is written: copies of its message find nothing to do from now on. */
export async function noteBuried(register: FailureRegister, key: FailureKey): Promise<void> {
  await register.change(key, (failure) => {
    if (failure?.state !== 'dead' || !failure.retry?.unburied) return undefined;
    const { unburied: _, ...retry } = failure.retry;
    return { ...failure, retry };
  });
}
