import type { Mend } from '../lake/damage.ts';
import type { LakeProblem } from '../lake/lake-problem.ts';
import type { Partition } from '../source/source.ts';
import { command, reparseCommand, rerunCommand, rollbackCommand } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, LakeSubject, Place } from './subject.ts';

export const LAKE_ADVICE: Advice<LakeSubject> = {
  'unread-rows': ({ isScraped, source, partition }) => [
    ...(isScraped
      ? [
          { text: 'have every page read', command: rerunCommand(source, partition, true) },
          { text: 'read its captures', command: reparseCommand(source, partition) },
        ]
      : [{ text: 'have it made anew from what it is derived from' }]),
    { text: 'let the schema hold what is there: an optional column, or the type of before' },
  ],
  'moved-table': ({ source, isScraped }) =>
    isScraped
      ? [
          { text: 'fill the new one from the captures', command: command('reparse', source) },
          { text: 'and see which dates it lacks after that', command: command('schema', 'diff', source) },
        ]
      : [],
  damage: ({ mends, source, partition }) => mends.map((mend) => stepOf(mend, source, partition)),
  'lake-problem': ({ code, place }) => [problemStep(code, place)],
};

function stepOf(mend: Mend, source: string, partition: Partition): Step {
  switch (mend.kind) {
    case 'force':
      return { text: 'scrape it again', command: rerunCommand(source, partition, true) };
    case 'reparse':
      return { text: 'mend it from its captures', command: reparseCommand(source, partition) };
    case 'rollback':
      return { text: 'put the version before back', command: rollbackCommand(source, partition, mend.to) };
    case 'delete':
      return {
        text: `delete ${mend.key}, then scrape it again`,
        command: rerunCommand(source, partition, true),
      };
  }
}

function problemStep(code: LakeProblem, place: Place | null): Step {
  switch (code) {
    case 'stray_object':
      return { text: 'move it away: query engines read every file there' };
    case 'store_failed':
      return { text: 'mend the store, then check again' };
    case 'newer_format':
      return { text: 'upgrade Rescrape, then check again' };
    case 'register_differs':
      return {
        text: 'a run is under way or was interrupted in between; look at the date once more',
        ...(place && { command: rerunCommand(place.source, place.partition) }),
      };
    default:
      return {
        text: 'scrape it again',
        ...(place && { command: rerunCommand(place.source, place.partition, true) }),
      };
  }
}
