import type { Command } from 'commander';
import { examples, newCommand } from './command.ts';
import { withDates } from './filter.ts';
import { withCsv } from './list.ts';
import { alignPartitions } from './partition-align.ts';
import { acceptHeld, rejectHeld, rollBack } from './partition-decisions.ts';
import { printHistory } from './partition-history.ts';
import { listPartitions, showPartition } from './partition-status.ts';

const PARTITION = 'source/target/date, as in racing/gb/2025-11-17';

export function partitionsCommand(): Command {
  const partitions = newCommand('partitions').addHelpText(
    'after',
    examples(
      'partitions list racing --target gb --start 2025-11-11',
      'partitions show racing/gb/2025-11-17',
      'partitions history racing/gb/2025-11-17',
      'partitions rollback racing/gb/2025-11-17 --dry-run',
      'partitions accept racing/gb/2025-11-17',
    ),
  );
  withCsv(
    withDates(partitions.command('list').description('list partitions and how their last refresh ended')),
  )
    .argument('[source]', 'only this source')
    .option('--target <target>', 'only this target')
    .addHelpText(
      'after',
      examples('partitions list', 'partitions list racing --start 2025-11-11 --end 2025-11-17 --csv'),
    )
    .action(listPartitions);
  partitions
    .command('show')
    .description('show one partition: its last refresh, its current version, its items')
    .argument('<partition>', PARTITION)
    .addHelpText(
      'after',
      examples('partitions show racing/gb/2025-11-17', 'partitions show racing/gb/2025-11-17 --json'),
    )
    .action(showPartition);
  withCsv(partitions.command('history').description('list every version of one partition, newest first'))
    .argument('<partition>', PARTITION)
    .addHelpText('after', examples('partitions history racing/gb/2025-11-17'))
    .action(printHistory);
  partitions
    .command('rollback')
    .description('make an earlier version current again, in one commit')
    .argument('<partition>', PARTITION)
    .option('--to <version>', 'which version (default: the one before the current)')
    .option('--dry-run', 'say what would become current and do nothing')
    .addHelpText(
      'after',
      examples(
        'partitions rollback racing/gb/2025-11-17 --dry-run',
        'partitions rollback racing/gb/2025-11-17',
      ),
    )
    .action(rollBack);
  partitions
    .command('accept')
    .description('make the version that was held back current')
    .argument('<partition>', PARTITION)
    .addHelpText('after', examples('partitions accept racing/gb/2025-11-17'))
    .action(acceptHeld);
  partitions
    .command('reject')
    .description('keep the current version and drop the one that was held back')
    .argument('<partition>', PARTITION)
    .addHelpText('after', examples('partitions reject racing/gb/2025-11-17'))
    .action(rejectHeld);
  partitions
    .command('align')
    .description("give registered partitions the columns of today's tables, after a schema was deployed")
    .argument('[source]', 'only this source')
    .addHelpText(
      'after',
      examples('partitions align --stack rescrape-prod-pipeline', 'partitions align racing --stack NAME'),
    )
    .action(alignPartitions);
  return partitions;
}
