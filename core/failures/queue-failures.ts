import pLimit from 'p-limit';
import type { PartitionJob } from '../job.ts';
import { type Outcome, reasonText } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { Platform } from '../platform.ts';
import { dead, type Failure, isClaimed, isUnresolved, type Move, OVERDUE_MS, queued } from './failure.ts';
import { FAILURES_AT_ONCE, type FailureKey, FailureStore, keyOf } from './failure-store.ts';
import { encodeFailedItem } from './message.ts';
import { believedDue, coolDownMs, MAX_RETRIES, MAX_WAIT_MS } from './retry-policy.ts';
import { usedUp } from './settle.ts';

type Stores = Pick<Platform, 'failedItems' | 'state' | 'clock'>;

/** An item that failed in this run. */
export interface FailedNow {
  /** As it is on record. */
  readonly failure: Failure | undefined;
  readonly outcome: Outcome;
  /** Milliseconds; when it was tried last. */
  readonly at: number;
}

/**
 * Queues the failures that this run has just opened, where another try may heal them. One that is queued
 * already waits for its cool-down anew, and in the retry of another item spends one of its tries; a dead one
 * is left to a person.
 */
export async function queueFailures(context: PartitionJob, failed: readonly FailedNow[]): Promise<void> {
  const { platform, source, runId } = context;
  const failures = new FailureStore(platform.state);
  const sent = await pLimit(FAILURES_AT_ONCE).map(failed, async ({ failure, outcome, at }) => {
    if (!isRetriedLater(outcome.code) || !isUnresolved(failure) || failure.lastRunId !== runId) return [];
    const dueAt = at + coolDownMs(outcome, source.retry);
    const key = keyOf(failure);
    if (failure.state === 'open') return queue(platform, key, dueAt, { by: runId });
    // This run is played again: whether it lived to send the message is not known, and a copy does no harm.
    if (wasQueuedBy(failure, runId)) return [{ key, dueAt }];
    await failures.change(key, (before) => waited(context, before, dueAt));
    return [];
  });
  await send(platform, sent.flat());
}

/** A queued failure that failed again: the site has just been asked, so its next try waits. */
function waited(
  { runId, retryOf, platform }: PartitionJob,
  before: Failure | undefined,
  dueAt: number,
): Failure | undefined {
  if (before?.state !== 'queued' || !before.retry) return undefined;
  const retry = {
    ...before.retry,
    dueAt: Math.max(believedDue(before.retry.dueAt, platform.clock.now()), dueAt),
  };
  const counts = retryOf !== undefined && retryOf !== before.item && retry.countedBy !== runId;
  if (!counts) return { ...before, retry };
  const counted = { ...before, retry: { ...retry, tries: retry.tries + 1, countedBy: runId } };
  if (counted.retry.tries < MAX_RETRIES) return counted;
  const why = usedUp(counted.retry.tries, reasonText(before));
  return dead(counted, { at: platform.clock.now(), by: runId, why });
}

function wasQueuedBy({ state, transitions }: Failure, runId: string): boolean {
  return state === 'queued' && transitions.at(-1)?.by === runId;
}

/** A failure that a message is to be sent about, and when it is to be tried; milliseconds. */
interface Sending {
  readonly key: FailureKey;
  readonly dueAt: number;
}

/**
 * Queues a failure that nobody tries by itself, and says what is to be sent: nothing where it has changed
 * meanwhile.
 */
async function queue(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  key: FailureKey,
  dueAt: number,
  move: Omit<Move, 'at'>,
  from: 'open' | 'dead' = 'open',
): Promise<Sending[]> {
  let isQueued = false;
  await new FailureStore(state).change(key, (before) => {
    isQueued = before?.state === from && isRetriedLater(before.code);
    return isQueued ? queued(before!, dueAt, { ...move, at: clock.now() }) : undefined;
  });
  return isQueued ? [{ key, dueAt }] : [];
}

/**
 * Sends the messages once their failures say that they are queued. What dies in between leaves a failure
 * without a message, which `sendLostAgain` finds.
 */
async function send({ failedItems, clock }: Stores, sendings: readonly Sending[]): Promise<void> {
  const now = clock.now();
  if (sendings.length > 0)
    await failedItems.send(
      sendings.map(({ key, dueAt }) => ({
        body: encodeFailedItem(key),
        delayMs: Math.max(0, dueAt - now),
      })),
    );
}

/**
 * Queues the failures of a target that another try may heal and that nothing tries by itself: its flag had
 * taken them off the queue, and is lifted now. Returns how many those are.
 */
export async function queueOpen(
  platform: Stores,
  { source, target }: { readonly source: string; readonly target: string },
  by: string,
): Promise<number> {
  const now = platform.clock.now();
  const sendings: Sending[] = [];
  for await (const failure of new FailureStore(platform.state).list(source))
    if (failure.target === target && failure.state === 'open')
      sendings.push(...(await queue(platform, keyOf(failure), now, { by })));
  await send(platform, sendings);
  return sendings.length;
}

/**
 * Queues dead failures again, with all their tries before them, and says which: others have changed
 * meanwhile.
 */
export async function queueDead(
  platform: Stores,
  redrives: readonly Sending[],
  by: string,
): Promise<readonly FailureKey[]> {
  const why = 'put back from the dead letters';
  const sendings = await pLimit(FAILURES_AT_ONCE).map(redrives, ({ key, dueAt }) =>
    queue(platform, key, dueAt, { by, why }, 'dead'),
  );
  await send(platform, sendings.flat());
  return sendings.flat().map(({ key }) => key);
}

/**
 * Has failures tried again now, because a person asks for it, and says which: others were tried since they
 * were seen.
 */
export async function queueAsked(platform: Stores, seen: readonly Failure[]): Promise<readonly Failure[]> {
  const failures = new FailureStore(platform.state);
  const now = platform.clock.now();
  const asked = await pLimit(FAILURES_AT_ONCE).map(seen, async (failure) => {
    const after = await failures.change(keyOf(failure), (before) =>
      isUnresolved(before) && before.lastFailedAt === failure.lastFailedAt
        ? { ...before, askedAt: now }
        : undefined,
    );
    return after?.askedAt === now ? [failure] : [];
  });
  await send(
    platform,
    asked.flat().map((failure) => ({ key: keyOf(failure), dueAt: now })),
  );
  return asked.flat();
}

/**
 * Sends the messages of queued failures again that have none any more: a process died before it sent it, or
 * the queue gave up on it. They show by being late: due for an hour, and nobody is at them. Once an hour at
 * most for each failure. Returns how many those are.
 */
export async function sendLostAgain(platform: Stores, source: string): Promise<number> {
  const { state, clock } = platform;
  const failures = new FailureStore(state);
  const now = clock.now();
  const sendings: Sending[] = [];
  for await (const failure of failures.list(source)) {
    if (!isLost(failure, now)) continue;
    const key = keyOf(failure);
    let isOurs = false;
    await failures.change(key, (before) => {
      isOurs = before !== undefined && isLost(before, now);
      return isOurs ? { ...before!, retry: { ...before!.retry!, sentAt: now } } : undefined;
    });
    if (isOurs) sendings.push({ key, dueAt: now });
  }
  await send(platform, sendings);
  return sendings.length;
}

/** A time far ahead was written by a clock that ran ahead, and holds nothing back. */
function isLost(failure: Failure, now: number): boolean {
  const { state, retry } = failure;
  if (state !== 'queued' || !retry || isClaimed(failure, now)) return false;
  return [retry.dueAt, retry.sentAt].every((at) => at < now - OVERDUE_MS || at > now + MAX_WAIT_MS);
}
