import { coolDownMs, encodeFailedItem, isRetriedLater } from '../work/failed-item.ts';
import { type Failure, FailureRegister } from '../work/failure.ts';
import type { AttemptContext } from './attempt.ts';
import type { Checkpoint } from './checkpoint.ts';

/** The longest that SQS keeps a message: one that was sent before that is gone, whatever became of it. */
const RETENTION_MS = 14 * 86_400_000;

/**
 * Sends the failures that this run has just opened to the failed-items queue, where another try may heal them: one message
 * for each that has none under way. The message goes before the note that it went, so a crash between the two sends it
 * twice and never not at all; the second copy finds the failure as the first one left it and asks the site for nothing.
 */
export async function queueFailures(context: AttemptContext, failed: readonly Checkpoint[]): Promise<void> {
  const { platform, source, runId, partition } = context;
  const register = new FailureRegister(platform.state);
  for (const { item, attempt, outcome } of failed) {
    if (!isRetriedLater(outcome.code)) continue;
    const failure = await register.get(source.name, partition, item.id);
    if (failure?.state !== 'open' || failure.lastRunId !== runId) continue;
    const now = platform.clock.now();
    const dueAt = Date.parse(attempt.attempted_at) + coolDownMs(outcome, source.retry);
    const isUnderWay = hasMessage(failure, now);
    if (!isUnderWay)
      await platform.failedItems.send([
        { body: encodeFailedItem(failure, dueAt), delayMs: Math.max(0, dueAt - now) },
      ]);
    await register.change(source.name, partition, item.id, (before) => {
      if (before?.state !== 'open' || before.lastRunId !== runId) return undefined;
      const { retry } = before;
      // The site has just been asked: what is still under way waits from now on.
      if (retry && isUnderWay) return { ...before, retry: { ...retry, dueAt: Math.max(retry.dueAt, dueAt) } };
      return { ...before, retry: { sentAt: now, dueAt, tries: 0, claim: null, deadAt: null } };
    });
  }
}

function hasMessage({ retry }: Failure, now: number): boolean {
  return retry !== undefined && retry.deadAt === null && now - retry.sentAt < RETENTION_MS;
}
