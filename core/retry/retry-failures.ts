import pLimit from 'p-limit';
import { advise } from '../advice/advise.ts';
import type { Step } from '../advice/step.ts';
import type { Failure } from '../failures/failure.ts';
import { keyOf } from '../failures/failure-store.ts';
import { partitionName } from '../lake/layout.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import { type Platform, sourceNamed } from '../platform.ts';
import { flagLookup } from '../targets/target-store.ts';
import { askingTogether } from './ask-together.ts';
import { type RetryAnswer, retryNow } from './claimed-retry.ts';
import { ITEMS_AT_ONCE } from './drain.ts';

/**
 * Which of the failures that match are tried. A plan is a value: it can be printed, and nothing has happened
 * yet.
 */
export interface RetryPlan {
  readonly tried: readonly Failure[];
  /** Left alone, with why and what would change that. */
  readonly left: readonly {
    readonly failure: Failure;
    readonly why: string;
    readonly next: readonly Step[];
  }[];
}

/**
 * `named`: the person has said which code or which item is meant, also where another try is not expected to
 * heal it.
 */
export async function planRetry(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  failures: readonly Failure[],
  named: boolean,
): Promise<RetryPlan> {
  const tried: Failure[] = [];
  const left: RetryPlan['left'][number][] = [];
  const flagOf = flagLookup(state, clock.now());
  for (const failure of failures) {
    const { source, target, code } = failure;
    const flag = await flagOf(failure);
    if (flag !== null)
      left.push({
        failure,
        why: `${source}/${target} is flagged (${flag})`,
        next: advise({ kind: 'flagged-target', source, target }),
      });
    else if (!named && !isRetriedLater(code))
      left.push({
        failure,
        why: `another try is not expected to heal ${code}; ask for it with --code ${code}`,
        next: [],
      });
    else tried.push(failure);
  }
  return { tried, left };
}

export interface RetryOptions {
  readonly mustStop: () => boolean;
  readonly onAnswer: (failure: Failure, answer: RetryAnswer) => void;
}

/** Tries failures again now, because a person says so; the items of one partition one after the other. */
export async function retryFailures(
  platform: Platform,
  failures: readonly Failure[],
  { mustStop, onAnswer }: RetryOptions,
): Promise<void> {
  const partitions = Map.groupBy(failures, (failure) =>
    partitionName(failure.source, keyOf(failure).partition),
  ).values();
  const limit = pLimit(ITEMS_AT_ONCE);
  const together = askingTogether(platform);
  const tryAll = async (group: readonly Failure[]): Promise<void> => {
    for (const failure of group) {
      if (mustStop()) return;
      const source = sourceNamed(together, failure.source);
      const answer = await retryNow(together, source, keyOf(failure), mustStop);
      onAnswer(failure, answer);
    }
  };
  const ends = await Promise.allSettled([...partitions].map((group) => limit(tryAll, group)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
