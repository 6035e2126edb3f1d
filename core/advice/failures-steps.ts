import { type Failure, isClaimed, isOverdue, isUnresolved } from '../failures/failure.ts';
import type { OutcomeCode } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { isoTime } from '../wording/times.ts';
import { clearCommand, redriveCommand, reparseCommand, retryCommand, workerCommand } from './commands.ts';
import { outcomeSteps } from './outcome-steps.ts';
import { eachOnce, type Step } from './step.ts';
import type { FailureSubject, Place } from './subject.ts';
import { liftFirst } from './target-steps.ts';

type StepFacts = Omit<FailureSubject & { readonly kind: 'failures' }, 'kind'>;

/** What a person can do about the unresolved ones of these failures, each advice once. */
export function failureSteps(facts: StepFacts): Step[] {
  const unresolved = facts.failures.filter(isUnresolved);
  if (facts.isOver) return stepsOfPastDay(unresolved, facts);
  const of = (state: Failure['state']) => unresolved.filter((failure) => failure.state === state);
  const [open, queued, dead] = [of('open'), of('queued'), of('dead')];
  const toMend = [...open, ...[...queued, ...dead].filter(({ code }) => !DISPOSITIONS[code].healsByWaiting)];
  const { source, partition, skip, isEvery = false } = facts;
  const steps = eachOnce([
    ...outcomeSteps({ outcomes: toMend, place: { source, partition, skip: null, isEvery } }),
    ...queuedSteps(queued, facts),
    ...deadSteps(dead, facts),
  ]);
  // Only what is parsed again from its captures asks nothing of the site.
  const reparse = reparseCommand(source, partition);
  const asks = steps.some(({ command }) => command !== undefined && command !== reparse);
  return skip && asks ? [liftFirst(source, skip.target), ...steps] : steps;
}

/** What was fetched can be parsed again; another try would only dismiss the failure. */
function stepsOfPastDay(unresolved: readonly Failure[], { source, partition }: StepFacts): Step[] {
  const codes = unresolved.map(({ code }) => code);
  const place = { source, partition, skip: null, isOver: true };
  return eachOnce([
    ...outcomeSteps({ outcomes: unresolved, place }),
    ...codes.map((code) => clearStep(place, code)),
  ]);
}

export function clearStep({ source, partition }: Place, code: OutcomeCode): Step {
  return {
    text: 'or see what would be cleared, where nobody wants it',
    command: clearCommand(source, partition, code),
  };
}

function queuedSteps(queued: readonly Failure[], { source, partition, item, now }: StepFacts): Step[] {
  const steps: Step[] = [];
  if (queued.some((failure) => isOverdue(failure, now)))
    steps.push({
      text: 'nobody seems to work the queue (in a stack that is its function retry-items): start a worker',
      command: workerCommand(),
    });
  const waiting = queued.filter((failure) => !isClaimed(failure, now));
  if (waiting.length > 0) {
    const first = Math.min(...waiting.flatMap(({ retry }) => retry?.dueAt ?? []));
    const wait =
      first > now && Number.isFinite(first) ? `wait until ${isoTime(first)}, or try it now` : 'try it now';
    steps.push({ text: wait, command: retryCommand(source, partition, item ?? undefined) });
  } else if (queued.length > 0) {
    steps.push({ text: 'wait for the end of the try that is under way' });
  }
  return steps;
}

function deadSteps(dead: readonly Failure[], { source, partition, item }: StepFacts): Step[] {
  if (dead.length === 0) return [];
  return [
    { text: 'put it back into the queue, with all its tries', command: redriveCommand(source, partition) },
    { text: 'or try it once, now', command: retryCommand(source, partition, item ?? undefined) },
  ];
}
