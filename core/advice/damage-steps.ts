import type { Mend } from '../lake/damage.ts';
import type { Partition } from '../source/source.ts';
import { reparseCommand, rerunCommand, rollbackCommand } from './commands.ts';
import type { Step } from './remedies.ts';

/** What to do about a damaged partition, in this order. */
export function damageSteps(mends: readonly Mend[], source: string, partition: Partition): Step[] {
  return mends.map((mend) => stepOf(mend, source, partition));
}

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
