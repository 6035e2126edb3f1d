import { partitionName } from '../lake/layout.ts';
import { command, rerunCommand, rollbackCommand } from './commands.ts';
import type { Advice, DecisionSubject } from './subject.ts';

export const DECISION_ADVICE: Advice<DecisionSubject> = {
  'no-such-version': ({ source, partition }) => [
    {
      text: 'see which versions there are',
      command: command('partitions', 'history', partitionName(source, partition)),
    },
  ],
  'nothing-held': ({ source, partition }) => [
    { text: 'see how it stands', command: command('partitions', 'show', partitionName(source, partition)) },
  ],
  'damaged-version': ({ source, partition, other }) => [
    { text: 'scrape the date again', command: rerunCommand(source, partition, true) },
    ...(other === undefined
      ? []
      : [{ text: 'put another version back', command: rollbackCommand(source, partition, other) }]),
  ],
  superseded: ({ source, partition, held }) => [
    { text: 'scrape it again', command: rerunCommand(source, partition) },
    { text: 'choose the version all the same', command: rollbackCommand(source, partition, held) },
  ],
};
