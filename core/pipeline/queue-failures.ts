import { coolDownMs, encodeFailedItem, isRetriedLater } from '../work/failed-item.ts';
import { type Failure, isUnresolved, moved } from '../work/failure.ts';
import { type FailureKey, FailureRegister } from '../work/failure-register.ts';
import type { AttemptContext } from './attempt.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Platform } from './platform.ts';

/** The longest that SQS keeps a message or a letter: one that was sent before that is gone, whatever became of it. */
const RETENTION_MS = 14 * 86_400_000;

/**
 * Sends the failures that this run has just opened to the failed-items queue, where another try may heal them: one message
 * for each that has none under way. A dead one is left to whoever decides about its letter.
 */
export async function queueFailures(context: AttemptContext, failed: readonly Checkpoint[]): Promise<void> {
  const { platform, source, runId, partition } = context;
  const register = new FailureRegister(platform.state);
  for (const { item, attempt, outcome } of failed) {
    if (!isRetriedLater(outcome.code)) continue;
    const key = { source: source.name, partition, item: item.id };
    const failure = await register.get(key);
    if (!isUnresolved(failure) || failure.lastRunId !== runId) continue;
    const now = platform.clock.now();
    const underWay = hasMessage(failure, now);
    if (failure.state === 'dead' && underWay) continue;
    const dueAt = Date.parse(attempt.attempted_at) + coolDownMs(outcome, source.retry);
    if (!underWay) await enqueue(platform, key, failure, dueAt, runId);
    // The site has just been asked: what is under way waits from now on.
    else
      await register.change(key, (before) =>
        before?.state === 'queued' && before.retry
          ? { ...before, retry: { ...before.retry, dueAt: Math.max(before.retry.dueAt, dueAt) } }
          : undefined,
      );
  }
}

/**
 * Sends the message about a failure, then notes that it went: a crash between the two sends it twice and never not at all,
 * and the second copy finds the failure as the first one left it and asks the site for nothing. `by`: a run or a person.
 */
async function enqueue(
  { failedItems, state, clock }: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  key: FailureKey,
  failure: Failure,
  dueAt: number,
  by: string,
): Promise<void> {
  const now = clock.now();
  // Of a letter that its queue has lost by now, this is the one that comes next.
  const redrives = (failure.retry?.redrives ?? 0) + (failure.state === 'dead' ? 1 : 0);
  await failedItems.send([
    { body: encodeFailedItem(failure, { notBefore: dueAt, redrives }), delayMs: Math.max(0, dueAt - now) },
  ]);
  await new FailureRegister(state).change(key, (before) =>
    before?.state === failure.state && before.lastRunId === failure.lastRunId
      ? moved({ ...before, retry: { sentAt: now, dueAt, tries: 0, redrives, deadAt: null } }, 'queued', {
          at: now,
          by,
        })
      : undefined,
  );
}

function hasMessage({ retry }: Failure, now: number): boolean {
  return retry !== undefined && now - (retry.deadAt ?? retry.sentAt) < RETENTION_MS;
}
