import {
  command,
  redriveDatesCommand,
  retryCommand,
  retryRunCommand,
  skipRemoveCommand,
  sourceFailuresCommand,
  workerCommand,
} from './commands.ts';
import { failureSteps } from './failures-steps.ts';
import { oneFailureSteps } from './one-failure-steps.ts';
import type { Step } from './step.ts';
import type { Advice, FailureSubject } from './subject.ts';
import { liftFirst } from './target-steps.ts';

export const FAILURE_ADVICE: Advice<FailureSubject> = {
  failure: oneFailureSteps,
  failures: failureSteps,
  'dead-letter': (subject) => [deadLetterStep(subject)],
  'failed-items': leftBehindSteps,
};

type OneKind<K extends FailureSubject['kind']> = FailureSubject & { readonly kind: K };

function deadLetterStep({ id, obstacle }: OneKind<'dead-letter'>): Step {
  switch (obstacle?.kind) {
    case 'flagged':
      return liftFirst(obstacle.source, obstacle.target);
    case 'not-retried': {
      const { source, partition, item } = obstacle.key;
      return { text: 'try it once, now', command: retryCommand(source, partition, item) };
    }
    case 'closed':
    case 'unusable':
      return { text: 'delete it', command: command('dead-letters', 'purge', id, '--confirm') };
    case undefined:
      return {
        text: 'put it back into the queue, with all its tries',
        command: command('dead-letters', 'redrive', id),
      };
  }
}

const WORKERS = {
  stack: { text: 'the retry-items function of the stack tries the queued ones by itself when they are due' },
  local: { text: 'have the queued ones tried when they are due', command: workerCommand() },
  unknown: {
    text: 'queued ones are tried again when they are due: in a stack by themselves, locally by a worker',
    command: workerCommand(),
  },
} as const satisfies Record<OneKind<'failed-items'>['worker'], Step>;

function leftBehindSteps({ runId, source, dates, states, flagged, worker }: OneKind<'failed-items'>): Step[] {
  const steps: Step[] = flagged.map((target) => ({
    text: `lift the flag of ${target} first`,
    command: skipRemoveCommand(source, target),
  }));
  if (states.queued) steps.push(WORKERS[worker]);
  if (states.queued || states.dead)
    steps.push({ text: 'try now what another try may heal', command: retryRunCommand(runId) });
  if (states.dead)
    steps.push({
      text: 'put the dead ones back into the queue',
      command: redriveDatesCommand(source, dates),
    });
  if (states.open)
    steps.push({ text: 'nothing tries the open ones by itself but the next run that covers them' });
  return [...steps, { text: 'see all', command: sourceFailuresCommand(source) }];
}
