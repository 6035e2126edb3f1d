import { planReset, type ResetPlan, reset } from '../core/run/reset.ts';
import { type CommandPlatform, isStack } from './platform-for.ts';
import { lockRun, RunInProgressError } from './run-lock.ts';

/**
 * Forgets the state of a directory or a stack, and returns what that was. On this machine a run of any source
 * that is under way ends it with a RunInProgressError before anything is forgotten, and everywhere a retry
 * does.
 */
export async function resetState(
  platform: CommandPlatform,
  onDeleted: (done: number, documents: number) => void,
): Promise<ResetPlan> {
  const unlocks: (() => void)[] = [];
  try {
    if (!isStack(platform))
      for (const { name } of platform.sources) unlocks.push(await lockRun(platform, name));
    const plan = await planReset(platform);
    if (plan.retrying > 0)
      throw new RunInProgressError(
        `${plan.retrying} failed items are being tried again: stop the worker, or wait; the try of a process that died is over after 15 minutes`,
      );
    await reset(platform, (done) => onDeleted(done, plan.documents.length));
    return plan;
  } finally {
    for (const unlock of unlocks) unlock();
  }
}
