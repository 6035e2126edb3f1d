import type { Outcome } from '../outcome/outcome.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import type { Source } from '../source/source.ts';
import { TargetRegister } from '../target/target.ts';
import { coolDownMs, decodeFailedItem, type FailedItemMessage, MAX_DELIVERIES } from '../work/failed-item.ts';
import { CLAIM_MS, isUnresolved } from '../work/failure.ts';
import { type FailureKey, FailureRegister, keyOf } from '../work/failure-register.ts';
import {
  type Claim,
  claimRetry,
  endClaim,
  isLetterOf,
  renewClaim,
  type Wish,
  yieldClaim,
} from '../work/retry-claim.ts';
import { dismiss, leaveToPerson, noteBuried, noteDead, settleRetry, usedUp } from '../work/retry-settle.ts';
import type { AttemptContext } from './attempt.ts';
import { clearWork, closePartition } from './leftovers.ts';
import type { Platform } from './platform.ts';
import type { PublishResult } from './publish.ts';
import { type Tried, tryAgain } from './try-again.ts';

/** What became of a try, or of the message that asked for it. Each kind says what is done with the message. */
export type RetryAnswer =
  /** Acknowledged: what was fetched is published. */
  | { readonly kind: 'recovered'; readonly runId: string; readonly result: PublishResult }
  /** Acknowledged: somebody else closed the failure before; no request was sent. */
  | { readonly kind: 'closed'; readonly why: string }
  /** Acknowledged: another try would not heal it, so the failure stays open for a person. */
  | { readonly kind: 'needs-a-person'; readonly why: string }
  /** Released: not due yet, under way elsewhere, or stopped before its time was up. No try is used up. */
  | { readonly kind: 'not-yet'; readonly delayMs: number }
  /** Released until the cool-down has passed. */
  | { readonly kind: 'failed-again'; readonly outcome: Outcome; readonly delayMs: number }
  /** Buried: its tries are used up. `redrives`: what its letter says. */
  | { readonly kind: 'dead'; readonly reason: string; readonly redrives: number }
  /** Buried: no message that this program can act upon. */
  | { readonly kind: 'poison'; readonly reason: string };

/** Kinds after which the message is still in the queue. */
export const STAYS_QUEUED: ReadonlySet<RetryAnswer['kind']> = new Set(['not-yet', 'failed-again']);

/**
 * Handles one delivery of the failed-items queue to its end: decodes it, tries the item, and acknowledges, releases or buries
 * the message. Whatever is thrown is trouble of ours (a store out of reach): the message then stays as it is and comes again.
 */
export async function handleFailedItem(
  platform: Platform,
  delivery: ReceivedMessage,
  mustStop = () => false,
): Promise<RetryAnswer> {
  const { failedItems } = platform;
  const decoded = decodeFailedItem(delivery.body);
  if (decoded.kind === 'poison') {
    await failedItems.bury(delivery, decoded.reason);
    return decoded;
  }
  const { message } = decoded;
  const tried = await retryItem(platform, message, mustStop);
  const answer = STAYS_QUEUED.has(tried.kind)
    ? await lastDelivery(platform, message, delivery, tried)
    : tried;
  switch (answer.kind) {
    case 'recovered':
    case 'closed':
    case 'needs-a-person':
      await failedItems.acknowledge(delivery);
      break;
    case 'not-yet':
    case 'failed-again':
      await failedItems.release(delivery, answer.delayMs);
      break;
    case 'dead': {
      const letter = { ...message, redrives: answer.redrives };
      const buried = await failedItems.bury({ ...delivery, body: JSON.stringify(letter) }, answer.reason);
      // Else somebody else has the message by now, and buries it.
      if (buried) await noteBuried(new FailureRegister(platform.state), keyOf(message));
      break;
    }
    case 'poison':
      await failedItems.bury(delivery, answer.reason);
      break;
  }
  return answer;
}

/** The queue is about to give up on the message: its failure must not look queued for ever. */
async function lastDelivery(
  platform: Platform,
  message: FailedItemMessage,
  { deliveries }: ReceivedMessage,
  answer: RetryAnswer,
): Promise<RetryAnswer> {
  if (deliveries < MAX_DELIVERIES) return answer;
  const why = `it was delivered ${deliveries} times without coming to an end`;
  return giveUpOn(platform, keyOf(message), { by: message.runId, why });
}

async function giveUpOn(
  { state, clock }: Platform,
  key: FailureKey,
  { by, why }: { readonly by: string; readonly why: string },
): Promise<RetryAnswer> {
  const redrives = await noteDead(new FailureRegister(state), key, { at: clock.now(), by, why });
  return { kind: 'dead', reason: why, redrives: redrives + 1 };
}

/** Milliseconds after which a try that had to stop goes on. */
const GO_ON_MS = 1000;

/**
 * Tries one failed item once more because a message says so. The failure decides, not the message: a copy, a late delivery or
 * one after a newer success asks the site for nothing.
 */
export async function retryItem(
  platform: Platform,
  message: FailedItemMessage,
  mustStop = () => false,
): Promise<RetryAnswer> {
  const source = platform.sources.find(({ name }) => name === message.source);
  if (!source) return { kind: 'poison', reason: `there is no source ${message.source}` };
  if (!source.targets.some(({ id }) => id === message.target))
    return { kind: 'poison', reason: `source ${source.name} has no target ${message.target}` };
  return tryClaimed(platform, source, keyOf(message), { kind: 'message', ...message }, mustStop);
}

/**
 * Tries one failed item once more because a person says so: now, whatever its outcome was and whether a message is under way
 * or not. It counts as none of the tries that the queue has; what is dead stays dead unless it is recovered.
 */
export function retryNow(
  platform: Platform,
  source: Source,
  key: FailureKey,
  mustStop = () => false,
): Promise<RetryAnswer> {
  return tryClaimed(platform, source, key, { kind: 'person' }, mustStop);
}

/**
 * The order of things makes every crash harmless: claim (with the run id) → request, on record at once → seal → publish,
 * which closes the failure → settle → message. Whoever takes up the claim of a dead worker finds its checkpoint and does not
 * ask again.
 */
async function tryClaimed(
  platform: Platform,
  source: Source,
  key: FailureKey,
  wish: Wish,
  mustStop: () => boolean,
): Promise<RetryAnswer> {
  if (mustStop()) return { kind: 'not-yet', delayMs: GO_ON_MS };
  const claim = await claimOf(platform, source, key, wish);
  switch (claim.kind) {
    case 'claimed':
      return tryOnce(platform, source, key, wish, claim, mustStop);
    case 'wait':
      return { kind: 'not-yet', delayMs: claim.delayMs };
    case 'unburied':
      return { kind: 'dead', reason: claim.why, redrives: claim.redrives + 1 };
    case 'left-behind':
      await closePartition({ platform, source, runId: claim.runId, partition: key.partition }, key);
      if (claim.isSpent)
        return giveUpOn(platform, key, { by: claim.runId, why: 'its worker died each time' });
      return tryClaimed(platform, source, key, wish, mustStop);
    default:
      return claim;
  }
}

async function claimOf(
  { state, clock, newId }: Platform,
  source: Source,
  key: FailureKey,
  wish: Wish,
): Promise<Claim> {
  const { skip } = await new TargetRegister(state).get(source.name, key.partition.target);
  const flag = skip ? { why: `the target is flagged: ${skip.reason}`, by: skip.actor } : undefined;
  return claimRetry(new FailureRegister(state), key, wish, { now: clock.now(), newRunId: newId(), flag });
}

/** Less than this is left of a claim: it is renewed, because one page may wait out a pause of its host. */
const CLAIM_SPARE_MS = 10 * 60_000;

async function tryOnce(
  platform: Platform,
  source: Source,
  key: FailureKey,
  wish: Wish,
  { failure, runId, asked }: Extract<Claim, { kind: 'claimed' }>,
  mustStop: () => boolean,
): Promise<RetryAnswer> {
  const register = new FailureRegister(platform.state);
  const now = () => platform.clock.now();
  const context: AttemptContext = {
    platform,
    source,
    runId,
    partition: key.partition,
    ...(!asked && { retryOf: key.item }),
  };
  for (;;) {
    const until = now() + CLAIM_MS;
    const tried = await tryAgain(context, failure, () => mustStop() || until - now() < CLAIM_SPARE_MS);
    if (tried.kind !== 'stopped') {
      const answer = await settle(context, register, key, wish, tried);
      // In this order: a claim whose work is gone would be taken up under an id whose records are complete.
      await endClaim(register, key, runId);
      await clearWork(context);
      return answer;
    }
    if (mustStop()) {
      await yieldClaim(register, key, runId, now());
      return { kind: 'not-yet', delayMs: GO_ON_MS };
    }
    // Nobody may take up a try that is still alive: two would ask for the same page.
    if (!(await renewClaim(register, key, runId, now()))) return { kind: 'not-yet', delayMs: GO_ON_MS };
  }
}

async function settle(
  { platform, source, runId }: AttemptContext,
  register: FailureRegister,
  key: FailureKey,
  wish: Wish,
  tried: Exclude<Tried, { kind: 'stopped' }>,
): Promise<RetryAnswer> {
  const at = platform.clock.now();
  if (tried.kind === 'unlisted') {
    const why = 'the index no longer lists it';
    await dismiss(register, key, { at, by: runId, why });
    return { kind: 'closed', why };
  }
  const after = await register.get(key);
  // Publish closes the failure; where another run did meanwhile, there is nothing left to do either.
  if (!isUnresolved(after)) {
    if (tried.kind === 'published') return { kind: 'recovered', runId, result: tried.result };
    return { kind: 'closed', why: `it is ${after?.state ?? 'gone'}` };
  }
  const redrives = wish.kind === 'message' ? wish.redrives : undefined;
  if (tried.kind === 'published' && tried.result.status === 'held') {
    const why = tried.result.reason ?? 'the version is held';
    await leaveToPerson(register, key, { at, by: runId, why }, redrives);
    return { kind: 'needs-a-person', why };
  }
  const outcome: Outcome =
    tried.kind === 'failed'
      ? tried.outcome
      : { code: after.code, message: tried.result.reason ?? after.message ?? after.code };
  const settled = await settleRetry(register, key, { runId, outcome, policy: source.retry, at });
  const why = `${outcome.code} ${outcome.message ?? ''}`.trim();
  switch (settled.kind) {
    case 'again':
      return { kind: 'failed-again', outcome, delayMs: settled.delayMs };
    case 'dead':
      return { kind: 'dead', reason: usedUp(settled.tries, why), redrives: settled.redrives + 1 };
    case 'still-dead':
      // The message only ended what a person had begun: a letter that was put back has its own tries before it.
      if (redrives !== undefined && isLetterOf(after, redrives))
        return { kind: 'not-yet', delayMs: coolDownMs(outcome, source.retry) };
      return { kind: 'needs-a-person', why: `${why}; its letter stays among the dead letters` };
    case 'needs-a-person':
      return { kind: 'needs-a-person', why };
    case 'closed':
      return { kind: 'closed', why: 'it was closed meanwhile' };
  }
}
