import pLimit from 'p-limit';
import { isRetriedLater } from '../work/failed-item.ts';
import type { Failure } from '../work/failure.ts';
import { keyOf } from '../work/failure-register.ts';
import { ITEMS_AT_ONCE } from './drain.ts';
import { type Platform, sourceNamed } from './platform.ts';
import { type RetryAnswer, retryNow } from './retry-items.ts';

/** Which of the failures that match are tried. A plan is a value: it can be printed, and nothing has happened yet. */
export interface RetryPlan {
  readonly tried: readonly Failure[];
  /** Another try would not heal these; they are tried where a person names their code, or the very item. */
  readonly left: readonly Failure[];
}

/** `named`: the person has said which code or which item is meant. */
export function planRetry(failures: readonly Failure[], named: boolean): RetryPlan {
  const isTried = ({ code }: Failure) => named || isRetriedLater(code);
  return {
    tried: failures.filter(isTried),
    left: failures.filter((failure) => !isTried(failure)),
  };
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
  const partitions = Map.groupBy(
    failures,
    ({ source, target, date }) => `${source}/${target}/${date}`,
  ).values();
  const limit = pLimit(ITEMS_AT_ONCE);
  const tryAll = async (group: readonly Failure[]): Promise<void> => {
    for (const failure of group) {
      if (mustStop()) return;
      const answer = await retryNow(
        platform,
        sourceNamed(platform, failure.source),
        keyOf(failure),
        mustStop,
      );
      onAnswer(failure, answer);
    }
  };
  const ends = await Promise.allSettled([...partitions].map((group) => limit(tryAll, group)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
