import { isRetriedLater } from '../outcome/policy.ts';
import { CLAIM_MS, type Failure, isClaimed, isUnresolved, moved, offQueue } from './failure.ts';
import type { FailureKey, FailureStore } from './failure-store.ts';
import { believedDue, type FailedItemMessage } from './message.ts';

/** Milliseconds after which a message looks again at what somebody else is at. */
export const LOOK_AGAIN_MS = 60_000;
/** Workers that may die in the midst of one try: what kills a third one kills the next as well. */
const MAX_TAKES = 3;

/** What may be done about a failure now. */
export type Claim =
  /** Try it, as `runId`: a new run, or the one that died in the middle and left its checkpoints. */
  | { readonly kind: 'claimed'; readonly failure: Failure; readonly runId: string; readonly asked: boolean }
  /**
   * A try died as `runId`, and nothing goes on with it: what it left is to be put on record first, by whoever is told this.
   * `isSpent`: because too many have died in it.
   */
  | { readonly kind: 'left-behind'; readonly runId: string; readonly isSpent: boolean }
  /** Nothing to do. */
  | { readonly kind: 'closed'; readonly why: string }
  | { readonly kind: 'needs-a-person'; readonly why: string }
  /** Its tries are used up, and the letter is still to be written. `redrives`: of the failure. */
  | { readonly kind: 'unburied'; readonly why: string; readonly redrives: number }
  | { readonly kind: 'wait'; readonly delayMs: number };

/** Who wants the try: a message, with what it says, or a person at this machine, who need not wait for the cool-down. */
export type Wish =
  | ({ readonly kind: 'message' } & Pick<
      FailedItemMessage,
      'notBefore' | 'sentAt' | 'redrives' | 'askedAfter'
    >)
  | { readonly kind: 'person' };

export interface ClaimOptions {
  /** Milliseconds. */
  readonly now: number;
  /** For a try that is begun; one that died goes on under its own. */
  readonly newRunId: string;
  /** Set where the target is flagged: nothing of it is asked for, whoever wants it. */
  readonly flag?: { readonly why: string; readonly by: string } | undefined;
}

/**
 * Claims a failure for one try. Of two workers with a copy of the message each, one gets it and the other waits; the try
 * of a worker that died is taken up under its own run id once its claim has run out, and counts once.
 */
export async function claimRetry(
  register: FailureStore,
  key: FailureKey,
  wish: Wish,
  options: ClaimOptions,
): Promise<Claim> {
  let claim: Claim = { kind: 'closed', why: 'no failure is on record' };
  await register.change(key, (failure) => {
    if (!failure) return undefined;
    claim = judge(failure, wish, options);
    return afterwards(failure, wish, claim, options);
  });
  return claim;
}

function judge(failure: Failure, wish: Wish, options: ClaimOptions): Claim {
  const { claim } = failure;
  const { now, newRunId } = options;
  // Whoever has it is done within seconds, or dead: no reason to wait for the end of the claim.
  if (claim && isClaimed(failure, now))
    return { kind: 'wait', delayMs: Math.min(claim.until - now, LOOK_AGAIN_MS) };
  const verdict = judgeFree(failure, wish, options);
  if (!claim) return verdict === 'take' ? take(failure, newRunId, isAsked(failure, wish)) : verdict;
  const isSpent = claim.takes >= MAX_TAKES && !claim.asked && wish.kind === 'message';
  if (verdict !== 'take' || isSpent)
    return { kind: 'left-behind', runId: claim.runId, isSpent: isSpent && verdict === 'take' };
  return take(failure, claim.runId, claim.asked);
}

function take(failure: Failure, runId: string, asked: boolean): Claim {
  return { kind: 'claimed', failure, runId, asked };
}

function judgeFree(
  failure: Failure,
  wish: Wish,
  { now, flag }: ClaimOptions,
): 'take' | Exclude<Claim, { kind: 'claimed' | 'left-behind' }> {
  const { state, code, claim, retry } = failure;
  if (!isUnresolved(failure)) return { kind: 'closed', why: `it is ${state}` };
  if (flag) return { kind: 'needs-a-person', why: flag.why };
  if (wish.kind === 'person' || isAsked(failure, wish)) return 'take';
  if (state === 'dead' && !isPutBack(failure, wish.redrives)) {
    const why = failure.transitions.at(-1)?.why ?? code;
    if (retry?.unburied) return { kind: 'unburied', why, redrives: retry.redrives };
    return { kind: 'closed', why: 'its tries are used up; this is a copy of the message that died' };
  }
  if (!isRetriedLater(code)) return { kind: 'needs-a-person', why: code };
  // Put back, and whoever did it has not noted it: the message knows when it is due.
  const dueAt = believedDue(state === 'dead' ? wish.notBefore : (retry?.dueAt ?? wish.notBefore), now);
  if (state === 'open' && wish.sentAt < (failure.transitions.at(-1)?.at ?? 0))
    return { kind: 'closed', why: 'it was taken off the queue' };
  return dueAt > now && !claim ? { kind: 'wait', delayMs: dueAt - now } : 'take';
}

/** A person wants it: here, through the queue, or before the worker died that was to do it. */
function isAsked({ claim, lastFailedAt }: Failure, wish: Wish): boolean {
  if (claim) return claim.asked;
  return wish.kind === 'person' || wish.askedAfter === lastFailedAt;
}

/** A message that says more redrives than its dead failure knows of is a letter that somebody put back. */
function isPutBack({ state, retry }: Failure, redrives: number): boolean {
  return state === 'dead' && redrives > (retry?.redrives ?? 0);
}

/**
 * True where this message, once acknowledged, leaves no letter of its dead failure behind: it was put back, or is still to
 * be buried.
 */
export function isLetterOf(failure: Failure, redrives: number): boolean {
  return isPutBack(failure, redrives) || (failure.state === 'dead' && failure.retry?.unburied === true);
}

/** The failure as the verdict leaves it; undefined where it stays as it is. */
function afterwards(
  failure: Failure,
  wish: Wish,
  claim: Claim,
  { now, flag }: ClaimOptions,
): Failure | undefined {
  switch (claim.kind) {
    case 'claimed':
      return claimed(failure, wish, claim, now);
    case 'left-behind':
      return { ...failure, claim: { ...failure.claim!, until: now + CLAIM_MS } };
    case 'needs-a-person': {
      const loses =
        wish.kind === 'message' && (failure.state === 'queued' || isLetterOf(failure, wish.redrives));
      return loses
        ? offQueue(failure, { at: now, by: flag?.by ?? failure.lastRunId, why: claim.why })
        : undefined;
    }
    default:
      return undefined;
  }
}

function claimed(
  failure: Failure,
  wish: Wish,
  { runId, asked }: Extract<Claim, { kind: 'claimed' }>,
  now: number,
): Failure {
  const { retry, claim } = failure;
  const next = { ...failure, claim: { runId, until: now + CLAIM_MS, asked, takes: (claim?.takes ?? 0) + 1 } };
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

/** Keeps a try that is still alive from being taken up by others. False where somebody has done so already. */
export async function renewClaim(
  register: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<boolean> {
  const after = await register.change(key, (failure) =>
    failure?.claim?.runId === runId
      ? { ...failure, claim: { ...failure.claim, until: now + CLAIM_MS } }
      : undefined,
  );
  return after?.claim?.runId === runId;
}

/** Takes over the try of a worker that died, to put on record what it left. False where it is alive, or somebody was faster. */
export async function takeOver(
  register: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<boolean> {
  let isOurs = false;
  await register.change(key, (failure) => {
    isOurs = failure?.claim?.runId === runId && !isClaimed(failure, now);
    return isOurs ? { ...failure!, claim: { ...failure!.claim!, until: now + CLAIM_MS } } : undefined;
  });
  return isOurs;
}

/** Gives a claim back before the try has ended (time is up), for the next delivery to take up under the same run id. */
export async function yieldClaim(
  register: FailureStore,
  key: FailureKey,
  runId: string,
  now: number,
): Promise<void> {
  await register.change(key, (failure) =>
    failure?.claim?.runId === runId
      ? { ...failure, claim: { ...failure.claim, until: now, takes: failure.claim.takes - 1 } }
      : undefined,
  );
}

/** Ends a claim whose run has nothing left to do. */
export async function endClaim(register: FailureStore, key: FailureKey, runId: string): Promise<void> {
  await register.change(key, (failure) =>
    failure?.claim?.runId === runId ? { ...failure, claim: null } : undefined,
  );
}
