import pLimit from 'p-limit';
import { type Failure, isClaimed, isUnresolved } from './failure.ts';
import { FAILURES_AT_ONCE, type FailureStore, keyOf } from './failure-store.ts';
import { dismiss } from './settle.ts';

/**
 * What is done about failures that nobody wants to see any more. A plan is a value: it can be printed, and
 * nothing has happened yet.
 */
export interface ClearPlan {
  /**
   * Unresolved: closed, with the person's name. The message of one that is queued then finds nothing to do.
   */
  readonly dismissed: readonly Failure[];
  /** Closed already: removed from the record. */
  readonly forgotten: readonly Failure[];
  /** Being tried at this moment: left as they are. */
  readonly busy: readonly Failure[];
}

/** Sorts failures by what clearing does about them. `now`: milliseconds. */
export function planClear(failures: readonly Failure[], now: number): ClearPlan {
  const idle = failures.filter((failure) => !isBusy(failure, now));
  return {
    dismissed: idle.filter(isUnresolved),
    forgotten: idle.filter((failure) => !isUnresolved(failure)),
    busy: failures.filter((failure) => isBusy(failure, now)),
  };
}

/** Somebody is at it, or what a worker that died had fetched is still to be put on record. */
function isBusy(failure: Failure, now: number): boolean {
  return isClaimed(failure, now) || (failure.claim !== null && !isUnresolved(failure));
}

/** What became of a plan: the failures as they were before. */
export interface Cleared extends ClearPlan {
  /** Neither dismissed nor forgotten: a run or a retry has changed them since they were read. */
  readonly changed: readonly Failure[];
}

/**
 * Carries a plan out. What has changed since the plan was made is left as it is: nobody has seen it that way.
 */
export async function clearFailures(
  store: FailureStore,
  plan: ClearPlan,
  { now, by }: { readonly now: () => number; readonly by: string },
): Promise<Cleared> {
  const limit = pLimit(FAILURES_AT_ONCE);
  const changed: Failure[] = [];
  const done = async (failures: readonly Failure[], clear: (failure: Failure) => Promise<boolean>) => {
    const answers = await limit.map(failures, clear);
    changed.push(...failures.filter((_, n) => !answers[n]));
    return failures.filter((_, n) => answers[n]);
  };
  const dismissed = await done(plan.dismissed, async (failure) => {
    const move = { at: now(), by };
    const left = await dismiss(
      store,
      keyOf(failure),
      move,
      (current) => isAsSeen(current, failure) && !isClaimed(current, move.at),
    );
    return left?.state === 'dismissed' && left.closedAt === move.at && left.closedBy === by;
  });
  const forgotten = await done(plan.forgotten, (failure) => store.forget(keyOf(failure)));
  return { dismissed, forgotten, busy: plan.busy, changed };
}

function isAsSeen(current: Failure, seen: Failure): boolean {
  return current.state === seen.state && current.lastRunId === seen.lastRunId;
}
