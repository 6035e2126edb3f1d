import {
  type Claim,
  type ClaimOptions,
  claimRetry,
  endClaim,
  type RetryRequest,
  renewClaim,
  yieldClaim,
} from '../failures/claim.ts';
import { CLAIM_MS, isUnresolved } from '../failures/failure.ts';
import { type FailureKey, FailureStore } from '../failures/failure-store.ts';
import { dismiss, giveUp, leaveToPerson, settleRetry } from '../failures/settle.ts';
import type { PartitionJob } from '../job.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { type Platform, problemWith, sourceNamed } from '../platform.ts';
import { mergeLogs } from '../run/merge-logs.ts';
import { clearWork, closePartition } from '../run/recovery.ts';
import type { Source } from '../source/source.ts';
import { isSkipped, type TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { dayOver, targetOfFailed, unknownPlace } from './failed-place.ts';
import { type Tried, tryAgain } from './try-again.ts';

/**
 * What became of a try, or of the message that asked for it. Each kind says what is done with the message.
 */
export type RetryAnswer =
  /** Acknowledged: what was fetched is published. */
  | { readonly kind: 'recovered'; readonly runId: string; readonly result: PublishResult }
  /** Acknowledged: nobody wants the failure tried by itself any more; no request was sent. */
  | { readonly kind: 'closed'; readonly why: string }
  /** Acknowledged: another try would not heal it, so the failure stays open for a person. */
  | { readonly kind: 'needs-a-person'; readonly why: string }
  /**
   * Released: not due yet, under way elsewhere, or stopped before its time was up. No try is used up. Sent
   * anew where another crawl of its target is under way or just over: not even a delivery is.
   */
  | { readonly kind: 'not-yet'; readonly delayMs: number; readonly isSentAnew?: true }
  /** Released until the cool-down has passed. */
  | { readonly kind: 'failed-again'; readonly outcome: Outcome; readonly delayMs: number }
  /** In the dead letters, which raises the alarm: its tries are used up. */
  | { readonly kind: 'dead'; readonly reason: string }
  /** In the dead letters: no message that this program can act upon. */
  | { readonly kind: 'poison'; readonly reason: string };

/** Milliseconds after which a try that had to stop goes on. */
const GO_ON_MS = 1000;

/** Milliseconds after which a message of a source that cannot be run comes again. */
const INVALID_MS = 45 * 60_000;

/**
 * Tries one failed item once more because a message says so. The failure decides, not the message: a copy, a
 * late delivery or one after a newer success asks the site for nothing.
 */
export async function retryItem(
  platform: Platform,
  key: FailureKey,
  mustStop = () => false,
): Promise<RetryAnswer> {
  // It is mended with the next deployment of its source, and what waits for that is not dead.
  if (problemWith(platform, key.source) !== undefined) return { kind: 'not-yet', delayMs: INVALID_MS };
  const failure = await new FailureStore(platform.state).get(key);
  const problem = await unknownPlace(platform, key, failure);
  if (problem !== undefined) return { kind: 'poison', reason: problem };
  return tryClaimed(platform, sourceNamed(platform, key.source), key, 'message', mustStop);
}

/**
 * Tries one failed item once more because a person says so: now, whatever its outcome was and whether a
 * message is under way or not. It counts as none of the tries that the queue has; what is dead stays dead
 * unless it is recovered.
 */
export function retryNow(
  platform: Platform,
  source: Source,
  key: FailureKey,
  mustStop = () => false,
): Promise<RetryAnswer> {
  return tryClaimed(platform, source, key, 'person', mustStop);
}

/**
 * The order of things makes every crash harmless: claim (with the run id) → request, on record at once →
 * finalize → publish, which closes the failure → settle → message. Whoever takes up the claim of a dead
 * worker finds its checkpoint and does not ask again.
 */
async function tryClaimed(
  platform: Platform,
  source: Source,
  key: FailureKey,
  request: RetryRequest,
  mustStop: () => boolean,
): Promise<RetryAnswer> {
  if (mustStop()) return { kind: 'not-yet', delayMs: GO_ON_MS };
  const claim = await claimOf(platform, source, key, request);
  switch (claim.kind) {
    case 'claimed':
      return tryOnce(platform, source, key, request, claim, mustStop);
    case 'wait':
      return { kind: 'not-yet', delayMs: claim.delayMs };
    case 'dead':
      return { kind: 'dead', reason: claim.why };
    case 'closed':
      return { kind: 'closed', why: claim.why };
    case 'left-behind':
      await closePartition({ platform, source, runId: claim.runId, partition: key.partition }, key);
      if (claim.isSpent)
        return declareDead(platform, key, { by: claim.runId, why: 'its worker died each time' });
      return tryClaimed(platform, source, key, request, mustStop);
    default:
      return claim;
  }
}

async function claimOf(
  { state, clock, newId }: Platform,
  source: Source,
  key: FailureKey,
  request: RetryRequest,
): Promise<Claim> {
  const failures = new FailureStore(state);
  const target = targetOfFailed(key, await failures.get(key));
  const now = clock.now();
  const flag = shutBy(await new TargetStore(state).get(source.name, target), now);
  const over = dayOver(source, key.partition.date, now);
  return claimRetry(failures, key, request, { now, newRunId: newId(), flag, over });
}

/** Why nothing of a target is asked for; a flag that has expired lets a try go, as the probe. */
function shutBy(record: TargetRecord, now: number): ClaimOptions['flag'] {
  if (record.status === 'paused') return { why: 'the target is paused', by: BY_ITSELF };
  if (!record.skip || !isSkipped(record, now)) return undefined;
  return { why: `the target is flagged: ${record.skip.reason}`, by: record.skip.actor };
}

/** Less than this is left of a claim: it is renewed, because one page may wait out a pause of its host. */
const CLAIM_SPARE_MS = 10 * 60_000;

async function tryOnce(
  platform: Platform,
  source: Source,
  key: FailureKey,
  request: RetryRequest,
  { failure, runId, asked }: Extract<Claim, { kind: 'claimed' }>,
  mustStop: () => boolean,
): Promise<RetryAnswer> {
  const failures = new FailureStore(platform.state);
  const now = () => platform.clock.now();
  const context: PartitionJob = {
    platform,
    source,
    runId,
    partition: key.partition,
    ...(!asked && { retryOf: key.item }),
  };
  for (;;) {
    const until = now() + CLAIM_MS;
    const tried = await tryAgain(context, failure, () => mustStop() || until - now() < CLAIM_SPARE_MS);
    if (tried.kind === 'flagged') {
      // No try is used up; the claim that comes next finds the flag and says what is done about it.
      await yieldClaim(failures, key, runId, now());
      return tryClaimed(platform, source, key, request, mustStop);
    }
    if (tried.kind === 'refused') {
      await yieldClaim(failures, key, runId, now());
      return { kind: 'not-yet', delayMs: Math.max(GO_ON_MS, tried.until - now()), isSentAnew: true };
    }
    if (tried.kind !== 'stopped') {
      const answer = await settle(context, failures, key, tried);
      await mergeLogs(platform, source, runId, [key.partition]);
      // In this order: a claim whose work is gone would be taken up under an id whose records are complete.
      await endClaim(failures, key, runId);
      await clearWork(context);
      return answer;
    }
    if (mustStop()) {
      await yieldClaim(failures, key, runId, now());
      return { kind: 'not-yet', delayMs: GO_ON_MS };
    }
    // Nobody may take up a try that is still alive: two would ask for the same page.
    if (!(await renewClaim(failures, key, runId, now()))) return { kind: 'not-yet', delayMs: GO_ON_MS };
  }
}

async function settle(
  { platform, source, runId }: PartitionJob,
  failures: FailureStore,
  key: FailureKey,
  tried: Exclude<Tried, { kind: 'stopped' | 'flagged' | 'refused' }>,
): Promise<RetryAnswer> {
  const at = platform.clock.now();
  if (tried.kind === 'unlisted') {
    const why = 'the index no longer lists it';
    await dismiss(failures, key, { at, by: runId, why });
    return { kind: 'closed', why };
  }
  const after = await failures.get(key);
  // Publish closes the failure; where another run did meanwhile, there is nothing left to do either.
  if (!isUnresolved(after)) {
    if (tried.kind === 'published') return { kind: 'recovered', runId, result: tried.result };
    return { kind: 'closed', why: `it is ${after?.state ?? 'gone'}` };
  }
  if (tried.kind === 'published' && tried.result.status === 'held') {
    const why = tried.result.reason ?? 'the version is held';
    await leaveToPerson(failures, key, { at, by: runId, why });
    return { kind: 'needs-a-person', why };
  }
  const outcome: Outcome =
    tried.kind === 'failed'
      ? tried.outcome
      : { code: after.code, message: tried.result.reason ?? after.message ?? after.code };
  const settled = await settleRetry(failures, key, { runId, outcome, policy: source.retry, at });
  switch (settled.kind) {
    case 'again':
      return { kind: 'failed-again', outcome, delayMs: settled.delayMs };
    case 'dead':
      return { kind: 'dead', reason: settled.why };
    default:
      return settled;
  }
}

/** Ends a failure whose message comes to no end: it is dead, and its message is to become a dead letter. */
export async function declareDead(
  { state, clock }: Platform,
  key: FailureKey,
  { by, why }: { readonly by: string; readonly why: string },
): Promise<RetryAnswer> {
  await giveUp(new FailureStore(state), key, { at: clock.now(), by, why });
  return { kind: 'dead', reason: why };
}
