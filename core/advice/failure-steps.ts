import { type Failure, isClaimed, isOverdue, isUnresolved } from '../failures/failure.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import type { Partition } from '../source/source.ts';
import type { TargetFlag } from '../targets/target.ts';
import { isoTime } from '../wording/times.ts';
import { redriveCommand, retryCommand, skipRemoveCommand, workerCommand } from './commands.ts';
import { remediesFor, type Step } from './remedies.ts';

/** What the advice depends on. */
interface StepFacts {
  readonly source: string;
  readonly partition: Partition;
  /** Null where the question is about the whole partition. */
  readonly item: string | null;
  /** Milliseconds. */
  readonly now: number;
  readonly skip: TargetFlag | null;
}

/** What a person can do about the unresolved ones of these failures, each advice once. */
export function failureSteps(failures: readonly Failure[], facts: StepFacts): Step[] {
  const unresolved = failures.filter(isUnresolved);
  const of = (state: Failure['state']) => unresolved.filter((failure) => failure.state === state);
  const [open, queued, dead] = [of('open'), of('queued'), of('dead')];
  const toMend = [...open, ...[...queued, ...dead].filter(({ code }) => !DISPOSITIONS[code].healsByWaiting)];
  const steps = [
    ...remediesFor(
      toMend.map(({ code }) => code),
      { ...facts, skip: null },
    ),
    ...queuedSteps(queued, facts),
    ...deadSteps(dead, facts),
  ];
  const once = steps.filter(
    (step, at) =>
      steps.findIndex((other) => (other.command ?? other.text) === (step.command ?? step.text)) === at,
  );
  const { skip, source } = facts;
  // Only what is parsed again from its captures asks nothing of the site.
  const asks = once.some(({ command }) => command !== undefined && !command.startsWith('rescrape reparse '));
  if (!skip || !asks) return once;
  const lift = skipRemoveCommand(source, skip.target);
  return [{ text: 'lift the flag of the target first', command: lift }, ...once];
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
