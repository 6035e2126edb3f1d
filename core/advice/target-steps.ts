import { command, runCommand, skipRemoveCommand } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, TargetSubject } from './subject.ts';

export const TARGET_ADVICE: Advice<TargetSubject> = {
  'flagged-target': ({ source, target }) => [
    { text: 'lift the flag', command: skipRemoveCommand(source, target) },
  ],
  lacking: ({ source }) => [
    { text: 'ask for what they lack', command: command('targets', 'look-up', source) },
  ],
  'unknown-target': ({ source, target }) => [
    {
      text: 'see what is known of it, and set what is wrong',
      command: command('targets', 'show', source, target),
    },
  ],
  undone: ({ source, target, dates }) => [
    {
      text: 'scrape what runs left undone meanwhile: it has no failure that would be tried again',
      command: runCommand(source, target, dates),
    },
  ],
};

/** What comes before anything that asks a flagged target. */
export function liftFirst(source: string, target: string): Step {
  return { text: 'lift the flag of the target first', command: skipRemoveCommand(source, target) };
}
