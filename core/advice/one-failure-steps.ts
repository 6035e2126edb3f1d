import { type Failure, isClaimed, isUnresolved } from '../failures/failure.ts';
import { keyOf } from '../failures/failure-store.ts';
import { isoTime } from '../wording/times.ts';
import { retryCommand } from './commands.ts';
import { clearStep, failureSteps } from './failures-steps.ts';
import type { Step } from './step.ts';
import type { FailureSubject } from './subject.ts';

/** What a person can do about one failure, in this order; nothing where it is closed. `now`: milliseconds. */
export function oneFailureSteps({
  failure,
  now,
  skip,
  isOver = false,
  isEvery = false,
}: Omit<FailureSubject & { readonly kind: 'failure' }, 'kind'>): Step[] {
  if (!isUnresolved(failure)) return [];
  if (failure.claim && isClaimed(failure, now)) return [{ text: waitText(failure, failure.claim.until) }];
  const { source, item, state, code } = failure;
  const { partition } = keyOf(failure);
  const steps = failureSteps({ source, partition, item, now, skip, isOver, isEvery, failures: [failure] });
  if (isOver) return steps;
  const retry = retryCommand(source, partition, item);
  // What we refuse to ask for is refused again.
  if (code !== 'REFUSED' && !steps.some(({ command }) => command === retry))
    steps.push({ text: 'or try the item once, now', command: retry });
  if (state !== 'queued') steps.push(clearStep({ source, partition }, code));
  return steps;
}

/** A process that died cannot give its claim back. `until`: milliseconds. */
function waitText({ state }: Failure, until: number): string {
  const then = state === 'queued' ? 'the item comes back by itself then' : 'it can be tried again then';
  return `wait for the end of the try that is under way, ${isoTime(until)} at the latest: if its process died, ${then}`;
}
