import type { Command } from 'commander';
import type { Failure } from '../core/failures/failure.ts';
import { examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { type ClearOptions, clearMatching } from './failure-clear.ts';
import { exportFailures } from './failure-export.ts';
import {
  type FailureFilterOptions,
  type FailureFilterState,
  failuresThatMatch,
  noFailures,
  withFailureFilter,
} from './failure-filter.ts';
import { showFailure } from './failure-show.ts';
import { byErrorOf, byTargetOf, type FailureView, listOf, summaryOf } from './failure-views.ts';
import { type ListOptions, printList, withCsv } from './list.ts';

type Options = FailureFilterOptions & ListOptions;

export function failuresCommand(): Command {
  const failures = newCommand('failures').addHelpText(
    'after',
    examples(
      'failures list --source racing --target gb --code TIMEOUT',
      'failures summary',
      'failures by-error --start 2025-11-11 --end 2025-11-17 --json',
      'failures show racing/gb/2025-11-17/4711',
      'failures clear --code NOT_FOUND --dry-run',
      'failures export --state all --csv failures.csv',
    ),
  );
  listing(failures, 'list', 'list failures, newest first', listOf).addHelpText(
    'after',
    examples(
      'failures list --target gb',
      'failures list --state dead',
      'failures list --state all --csv all.csv',
    ),
  );
  listing(failures, 'summary', 'count failures by source and state', summaryOf, 'all').addHelpText(
    'after',
    examples('failures summary', 'failures summary --source racing --json'),
  );
  listing(failures, 'by-error', 'count failures by error code', byErrorOf).addHelpText(
    'after',
    examples('failures by-error', 'failures by-error --target fr --state all'),
  );
  listing(failures, 'by-target', 'count failures by target', byTargetOf).addHelpText(
    'after',
    examples('failures by-target', 'failures by-target --code BLOCKED --json'),
  );
  failures
    .command('show')
    .description('show one failure: its evidence, every change of its state, and what to do')
    .argument('<item>', 'source/target/date/item, as "failures list" prints it')
    .addHelpText('after', examples('failures show racing/gb/2025-11-17/4711'))
    .action(showFailure);
  withCsv(withFailureFilter(failures.command('clear')))
    .description('dismiss failures that nobody wants any more, and forget closed ones')
    .option('--dry-run', 'say what would be cleared and do nothing: so it is without --confirm')
    .option('--confirm', 'do it')
    .addHelpText(
      'after',
      examples(
        'failures clear --code NOT_FOUND --target gb',
        'failures clear --code NOT_FOUND --target gb --confirm',
        'failures clear --state recovered --end 2025-10-31 --confirm',
      ),
    )
    .action((options: ClearOptions, command: Command) => clearMatching(options, command));
  withCsv(withFailureFilter(failures.command('export')))
    .description('every field of each failure as one flat row, in CSV or with --json')
    .addHelpText(
      'after',
      examples('failures export > open.csv', 'failures export --state all --csv failures.csv'),
    )
    .action((options: Options, command: Command) => exportFailures(options, command));
  return failures;
}

/** A subcommand that prints the failures that match, seen in one way. */
function listing(
  failures: Command,
  name: string,
  description: string,
  view: (failures: readonly Failure[]) => FailureView,
  state?: FailureFilterState,
): Command {
  return withCsv(withFailureFilter(failures.command(name).description(description), state)).action(
    async (options: Options, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const matching = await failuresThatMatch(platform, options);
        printList({ ...view(matching), none: noFailures(options) }, { ...globals, ...options });
      });
    },
  );
}
