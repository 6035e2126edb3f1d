import type { Outcome } from '../outcome/outcome.ts';
import type { Partition, RetryPolicy } from '../source/source.ts';
import { coolDownMs, isRetriedLater, MAX_RETRIES } from './failed-item.ts';
import type { Failure, FailureRegister } from './failure.ts';

/** The longest that a Lambda lives: a try that is still claimed after that has died. Milliseconds. */
const CLAIM_MS = 15 * 60_000;

/** What a message about a failure may do now. */
export type Claim =
  /** Try it, as `runId`: a new run, or the one that died in the middle and left its checkpoints. */
  | { readonly kind: 'claimed'; readonly failure: Failure; readonly runId: string }
  | { readonly kind: 'closed'; readonly why: string }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'needs-a-person'; readonly why: string };

interface FailureKey {
  readonly source: string;
  readonly partition: Partition;
  readonly item: string;
}

/**
 * Claims a failure for one try. Of two workers with a copy of the message each, one gets it and the other waits; the try
 * of a worker that died is taken up under its own run id once its claim has run out, and counts once.
 * `notBefore`: from the message, for a failure whose note of being queued was lost in a crash.
 */
export async function claimRetry(
  register: FailureRegister,
  { source, partition, item }: FailureKey,
  options: { readonly now: number; readonly notBefore: number; readonly newRunId: string },
): Promise<Claim> {
  const { now, notBefore, newRunId } = options;
  let claim: Claim = { kind: 'closed', why: 'no failure is on record' };
  await register.change(source, partition, item, (failure) => {
    claim = judge(failure, now, notBefore, newRunId);
    if (claim.kind === 'needs-a-person') return withoutRetry(failure!);
    if (claim.kind !== 'claimed') return undefined;
    const { retry } = failure!;
    const alive = retry?.deadAt === null ? retry : undefined;
    const resumes = alive?.claim != null;
    return {
      ...failure!,
      retry: {
        sentAt: alive?.sentAt ?? now,
        dueAt: alive?.dueAt ?? now,
        tries: (alive?.tries ?? 0) + (resumes ? 0 : 1),
        claim: { runId: claim.runId, until: now + CLAIM_MS },
        deadAt: null,
      },
    };
  });
  return claim;
}

function judge(failure: Failure | undefined, now: number, notBefore: number, newRunId: string): Claim {
  if (!failure) return { kind: 'closed', why: 'no failure is on record' };
  if (failure.state !== 'open') return { kind: 'closed', why: `it is ${failure.state}` };
  if (!isRetriedLater(failure.code)) return { kind: 'needs-a-person', why: failure.code };
  const { retry } = failure;
  // A dead letter that comes again was put back by somebody: it has all its tries before it, and is due.
  if (retry && retry.deadAt !== null) return { kind: 'claimed', failure, runId: newRunId };
  const free = Math.max(retry?.claim?.until ?? 0, retry?.claim ? 0 : (retry?.dueAt ?? notBefore));
  if (free > now) return { kind: 'wait', delayMs: free - now };
  return { kind: 'claimed', failure, runId: retry?.claim?.runId ?? newRunId };
}

/** How a try that did not recover the item leaves it. */
export type Settled =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly tries: number }
  | { readonly kind: 'needs-a-person' }
  | { readonly kind: 'closed' };

/** Ends a claimed try that failed: due again after the cool-down, dead after its last try, or left to a person. */
export async function settleRetry(
  register: FailureRegister,
  { source, partition, item }: FailureKey,
  outcome: Outcome,
  policy: RetryPolicy,
  now: number,
): Promise<Settled> {
  let settled: Settled = { kind: 'closed' };
  await register.change(source, partition, item, (failure) => {
    const retry = failure?.retry;
    if (failure?.state !== 'open' || !retry) {
      settled = { kind: 'closed' };
      return undefined;
    }
    if (!isRetriedLater(outcome.code)) {
      settled = { kind: 'needs-a-person' };
      return withoutRetry(failure);
    }
    if (retry.tries >= MAX_RETRIES) {
      settled = { kind: 'dead', tries: retry.tries };
      return { ...failure, retry: { ...retry, claim: null, deadAt: now } };
    }
    const delayMs = coolDownMs(outcome, policy);
    settled = { kind: 'again', delayMs };
    return { ...failure, retry: { ...retry, claim: null, dueAt: now + delayMs } };
  });
  return settled;
}

/** Gives a claim back before the try has ended (time is up), for the next delivery to take up under the same run id. */
export async function yieldClaim(
  register: FailureRegister,
  { source, partition, item }: FailureKey,
  now: number,
): Promise<void> {
  await register.change(source, partition, item, (failure) => {
    const claim = failure?.retry?.claim;
    return claim ? { ...failure, retry: { ...failure.retry!, claim: { ...claim, until: now } } } : undefined;
  });
}

/** Takes a failure off the queue: it stays open, and nothing tries it again by itself. */
export async function leaveToPerson(
  register: FailureRegister,
  { source, partition, item }: FailureKey,
): Promise<void> {
  await register.change(source, partition, item, (failure) => failure?.retry && withoutRetry(failure));
}

/** Closes a failure that there is nothing left to recover of. */
export async function dismissRetry(
  register: FailureRegister,
  { source, partition, item }: FailureKey,
  { by, at }: { readonly by: string; readonly at: number },
): Promise<void> {
  await register.change(source, partition, item, (failure) =>
    failure?.state === 'open'
      ? { ...withoutRetry(failure), state: 'dismissed', closedAt: at, closedBy: by }
      : undefined,
  );
}

function withoutRetry({ retry: _, ...failure }: Failure): Failure {
  return failure;
}
