import { reasonText } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import { CLAIM_MS, closed, type Failure, isClaimed, isUnresolved, offQueue } from './failure.ts';
import type { FailureKey, FailureStore } from './failure-store.ts';
import { believedDue } from './retry-policy.ts';

/** Milliseconds after which a message looks again at what somebody else is at. */
export const LOOK_AGAIN_MS = 60_000;
/** Workers that may die in the midst of one try: what kills a third one kills the next as well. */
const MAX_TAKES = 3;

/** What may be done about a failure now. */
export type Claim =
  /** Try it, as `runId`: a new run, or the one that died in the middle and left its checkpoints. */
  | { readonly kind: 'claimed'; readonly failure: Failure; readonly runId: string; readonly asked: boolean }
  /**
   * A try died as `runId`, and nothing goes on with it: what it left is to be put on record first, by whoever
   * is told this. `isSpent`: because too many have died in it.
   */
  | { readonly kind: 'left-behind'; readonly runId: string; readonly isSpent: boolean }
  /** Nothing to do. `dismisses`: the failure is dismissed with it. */
  | { readonly kind: 'closed'; readonly why: string; readonly dismisses?: true }
  | { readonly kind: 'needs-a-person'; readonly why: string }
  /** Its tries are used up. */
  | { readonly kind: 'dead'; readonly why: string }
  | { readonly kind: 'wait'; readonly delayMs: number };

/**
 * Who wants the try: a message of the queue, or a person at this machine, who need not wait for the
 * cool-down.
 */
export type RetryRequest = 'message' | 'person';

export interface ClaimOptions {
  /** Milliseconds. */
  readonly now: number;
  /** For a try that is begun; one that died goes on under its own. */
  readonly newRunId: string;
  /** Set where the target is flagged: nothing of it is asked for, whoever wants it. */
  readonly flag?: { readonly why: string; readonly by: string } | undefined;
  /** Set where what the item was on its date can be found no more: the failure is dismissed with this. */
  readonly over?: string | undefined;
}

/**
 * Claims a failure for one try. Of two workers with a copy of the message each, one gets it and the other
 * waits; the try of a worker that died is taken up under its own run id once its claim has run out, and
 * counts once.
 */
export async function claimRetry(
  failures: FailureStore,
  key: FailureKey,
  request: RetryRequest,
  options: ClaimOptions,
): Promise<Claim> {
  let claim: Claim = { kind: 'closed', why: 'no failure is on record' };
  await failures.change(key, (failure) => {
    if (!failure) return undefined;
    claim = judge(failure, request, options);
    return afterwards(failure, request, claim, options);
  });
  return claim;
}

function judge(failure: Failure, request: RetryRequest, options: ClaimOptions): Claim {
  const { claim } = failure;
  const { now, newRunId } = options;
  // Whoever has it is done within seconds, or dead: no reason to wait for the end of the claim.
  if (claim && isClaimed(failure, now))
    return { kind: 'wait', delayMs: Math.min(claim.until - now, LOOK_AGAIN_MS) };
  const verdict = judgeFree(failure, request, options);
  if (!claim)
    return verdict === 'take'
      ? { kind: 'claimed', failure, runId: newRunId, asked: isAsked(failure, request) }
      : verdict;
  const isSpent = claim.takes >= MAX_TAKES && !claim.asked && request === 'message';
  if (verdict !== 'take' || isSpent)
    return { kind: 'left-behind', runId: claim.runId, isSpent: isSpent && verdict === 'take' };
  return { kind: 'claimed', failure, runId: claim.runId, asked: claim.asked };
}

function judgeFree(
  failure: Failure,
  request: RetryRequest,
  { now, flag, over }: ClaimOptions,
): 'take' | Exclude<Claim, { kind: 'claimed' | 'left-behind' }> {
  const { state, code, claim, retry } = failure;
  if (!isUnresolved(failure)) return { kind: 'closed', why: `it is ${state}` };
  const isWanted = request === 'person' || isAsked(failure, request);
  if (!isWanted && state === 'dead') return { kind: 'dead', why: whyDead(failure) };
  if (over !== undefined) return { kind: 'closed', why: over, dismisses: true };
  if (flag) return { kind: 'needs-a-person', why: flag.why };
  if (isWanted) return 'take';
  if (!isRetriedLater(code)) return { kind: 'needs-a-person', why: code };
  if (state === 'open') return { kind: 'closed', why: 'it was taken off the queue' };
  const dueAt = believedDue(retry?.dueAt ?? now, now);
  return dueAt > now && !claim ? { kind: 'wait', delayMs: dueAt - now } : 'take';
}

/** Why a failure is dead. */
export function whyDead(failure: Failure): string {
  return failure.transitions.findLast(({ state }) => state === 'dead')?.why ?? reasonText(failure);
}

/** A person wants it: here, through the queue, or before the worker died that was to do it. */
function isAsked({ claim, askedAt }: Failure, request: RetryRequest): boolean {
  return claim ? claim.asked : request === 'person' || askedAt !== undefined;
}

/** The failure as the verdict leaves it; undefined where it stays as it is. */
function afterwards(
  failure: Failure,
  request: RetryRequest,
  claim: Claim,
  { now, newRunId, flag }: ClaimOptions,
): Failure | undefined {
  const { askedAt, ...unasked } = failure;
  switch (claim.kind) {
    case 'claimed':
      return claimed(unasked, request, claim, now);
    case 'left-behind':
      return { ...failure, claim: { ...failure.claim!, until: now + CLAIM_MS } };
    case 'needs-a-person':
      if (request === 'message' && failure.state === 'queued')
        return offQueue(unasked, { at: now, by: flag?.by ?? failure.lastRunId, why: claim.why });
      return askedAt === undefined ? undefined : unasked;
    case 'closed':
      return claim.dismisses
        ? closed(failure, 'dismissed', { at: now, by: newRunId, why: claim.why })
        : undefined;
    default:
      return undefined;
  }
}

function claimed(
  failure: Failure,
  request: RetryRequest,
  { runId, asked }: Extract<Claim, { kind: 'claimed' }>,
  now: number,
): Failure {
  const { retry, claim } = failure;
  const next = { ...failure, claim: { runId, until: now + CLAIM_MS, asked, takes: (claim?.takes ?? 0) + 1 } };
  // A try that is taken up was counted when it was begun.
  if (asked || request === 'person' || claim || !retry) return next;
  return { ...next, retry: { ...retry, tries: retry.tries + 1 } };
}

/**
 * Keeps a try that is still alive from being taken up by others. False where somebody has done so already.
 */
export async function renewClaim(
  failures: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<boolean> {
  const after = await failures.change(key, (failure) =>
    failure?.claim?.runId === runId
      ? { ...failure, claim: { ...failure.claim, until: now + CLAIM_MS } }
      : undefined,
  );
  return after?.claim?.runId === runId;
}

/**
 * Takes over the try of a worker that died, to put on record what it left. False where it is alive, or
 * somebody was faster.
 */
export async function takeOver(
  failures: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<boolean> {
  let isOurs = false;
  await failures.change(key, (failure) => {
    isOurs = failure?.claim?.runId === runId && !isClaimed(failure, now);
    return isOurs ? { ...failure!, claim: { ...failure!.claim!, until: now + CLAIM_MS } } : undefined;
  });
  return isOurs;
}

/**
 * Gives a claim back before the try has ended (time is up), for the next delivery to take up under the same
 * run id.
 */
export async function yieldClaim(
  failures: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<void> {
  await failures.change(key, (failure) =>
    failure?.claim?.runId === runId
      ? { ...failure, claim: { ...failure.claim, until: now, takes: failure.claim.takes - 1 } }
      : undefined,
  );
}

/** Ends a claim whose run has nothing left to do. */
export async function endClaim(failures: FailureStore, key: FailureKey, runId: string): Promise<void> {
  await failures.change(key, (failure) =>
    failure?.claim?.runId === runId ? { ...failure, claim: null } : undefined,
  );
}
