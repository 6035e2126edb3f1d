import pLimit from 'p-limit';
import type { PartitionJob } from '../job.ts';
import { type Outcome, reasonText } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { Platform } from '../platform.ts';
import { type Failure, isUnresolved, moved } from './failure.ts';
import { FAILURES_AT_ONCE, FailureStore, keyOf } from './failure-store.ts';
import { believedDue, coolDownMs, encodeFailedItem, MAX_RETRIES } from './message.ts';
import { unburied, usedUp } from './settle.ts';

/** The longest that SQS keeps a message or a letter: one that was sent before that is gone, whatever became of it. */
const RETENTION_MS = 14 * 86_400_000;

/** An item that failed in this run. */
export interface FailedNow {
  /** As its register has it. */
  readonly failure: Failure | undefined;
  readonly outcome: Outcome;
  /** Milliseconds; when it was tried last. */
  readonly at: number;
}

/**
 * Sends the failures that this run has just opened to the failed-items queue, where another try may heal them: one message
 * for each that has none under way. A dead one is left to whoever decides about its letter. In the retry of one item, others
 * that were asked for as well spend one of their tries.
 */
export async function queueFailures(context: PartitionJob, failed: readonly FailedNow[]): Promise<void> {
  const { platform, source, runId } = context;
  const register = new FailureStore(platform.state);
  const unsent: Sending[] = [];
  await pLimit(FAILURES_AT_ONCE).map(failed, async ({ failure, outcome, at }) => {
    if (!isRetriedLater(outcome.code)) return;
    if (!isUnresolved(failure) || failure.lastRunId !== runId) return;
    const dueAt = at + coolDownMs(outcome, source.retry);
    if (!hasMessage(failure, platform.clock.now())) unsent.push({ failure, dueAt });
    else if (failure.state === 'queued')
      await register.change(keyOf(failure), (before) => waited(context, before, dueAt));
  });
  await enqueue(platform, unsent, runId);
}

/** A failure whose message is under way, after it failed again: the site has just been asked, so that message waits. */
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
  return unburied(counted, { at: platform.clock.now(), by: runId, why });
}

/** A failure and when it is to be tried; milliseconds. */
interface Sending {
  readonly failure: Failure;
  readonly dueAt: number;
}

/**
 * Sends a message about each failure, then notes that it went: a crash between the two sends it twice and never not at all,
 * and the second copy finds the failure as the first one left it and asks the site for nothing. `by`: a run or a person.
 */
async function enqueue(
  { failedItems, state, clock }: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  sendings: readonly Sending[],
  by: string,
): Promise<void> {
  if (sendings.length === 0) return;
  const now = clock.now();
  const register = new FailureStore(state);
  await failedItems.send(
    sendings.map(({ failure, dueAt }) => ({
      body: encodeFailedItem(failure, { notBefore: dueAt, sentAt: now, redrives: redrivesOf(failure) }),
      delayMs: Math.max(0, dueAt - now),
    })),
  );
  await pLimit(FAILURES_AT_ONCE).map(sendings, ({ failure, dueAt }) =>
    register.change(keyOf(failure), (before) => {
      if (before?.state !== failure.state || before.lastRunId !== failure.lastRunId) return undefined;
      const retry = { sentAt: now, dueAt, tries: 0, redrives: redrivesOf(failure), deadAt: null };
      return moved({ ...before, retry }, 'queued', { at: now, by });
    }),
  );
}

/**
 * Queues the failures of a target that another try may heal and that nothing tries by itself: its flag had taken them off the
 * queue, and is lifted now. Returns how many those are.
 */
export async function queueOpen(
  platform: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  { source, target }: { readonly source: string; readonly target: string },
  by: string,
): Promise<number> {
  const now = platform.clock.now();
  const sendings: Sending[] = [];
  for await (const failure of new FailureStore(platform.state).list(source)) {
    const isMeant = failure.target === target && failure.state === 'open' && isRetriedLater(failure.code);
    if (isMeant) sendings.push({ failure, dueAt: now });
  }
  await enqueue(platform, sendings, by);
  return sendings.length;
}

/** Of a letter that its queue has lost by now, the message is the one that comes next. */
function redrivesOf({ retry, state }: Failure): number {
  return (retry?.redrives ?? 0) + (state === 'dead' ? 1 : 0);
}

function hasMessage({ retry }: Failure, now: number): boolean {
  return retry !== undefined && now - (retry.deadAt ?? retry.sentAt) < RETENTION_MS;
}
