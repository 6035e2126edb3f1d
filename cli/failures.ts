import type { Command } from 'commander';
import type { Failure } from '../core/failures/failure.ts';
import { count, examples, newCommand } from './command.ts';
import { withConfirmation } from './confirmation.ts';
import { globalOptions, withScrapedSources } from './context.ts';
import { clearExtractCounts } from './extract-failure-clear.ts';
import { exportExtractFailures, listExtractFailures } from './extract-failure-list.ts';
import { showExtractFailures } from './extract-failure-show.ts';
import {
  byExtractError,
  bySchool,
  byState,
  type ExtractFailureView,
  extractSummary,
  printExtractView,
} from './extract-failure-views.ts';
import { withBookFilter, withExtractionOption } from './extraction.ts';
import { type ClearOptions, clearMatching } from './failure-clear.ts';
import { exportFailures } from './failure-export.ts';
import {
  type FailureFilterOptions,
  type FailureFilterState,
  failuresThatMatch,
  noFailures,
  withFailureFilter,
} from './failure-filter.ts';
import {
  type FailureScopeOptions,
  failureScopeOf,
  isPageName,
  tellExtractFailures,
  withFailureScope,
} from './failure-scope.ts';
import { showFailure } from './failure-show.ts';
import { byErrorOf, byTargetOf, type FailureView, listOf, summaryOf } from './failure-views.ts';
import { type ListOptions, printList, withCsv } from './list.ts';

type Options = FailureFilterOptions & FailureScopeOptions & ListOptions;

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
      'failures by-school --states Alabama',
      'failures clear --states Alabama --year-start 1850 --dry-run',
    ),
  );
  listing(failures, 'list', 'list failures, newest first', listOf, listExtractFailures).addHelpText(
    'after',
    examples(
      'failures list --target gb',
      'failures list --state dead',
      'failures list --state all --csv all.csv',
      'failures list --only extraction --states Ohio',
    ),
  );
  listing(
    failures,
    'summary',
    'count failures by source and state',
    summaryOf,
    printExtractView(extractSummary),
    'all',
  ).addHelpText(
    'after',
    examples(
      'failures summary',
      'failures summary --source racing --json',
      'failures summary --only extraction',
    ),
  );
  listing(
    failures,
    'by-error',
    'count failures by error code',
    byErrorOf,
    printExtractView(byExtractError),
  ).addHelpText(
    'after',
    examples(
      'failures by-error',
      'failures by-error --target fr --state all',
      'failures by-error --only extraction --year-start 1850',
    ),
  );
  withCsv(withFailureFilter(failures.command('by-target').description('count failures by target')))
    .addHelpText('after', examples('failures by-target', 'failures by-target --code BLOCKED --json'))
    .action((options: Options, command: Command) => printScraping(byTargetOf, options, command));
  extractListing(failures, 'by-state', 'count the pages that failed, by state', byState).addHelpText(
    'after',
    examples('failures by-state', 'failures by-state --year-start 1850 --year-end 1859 --csv'),
  );
  extractListing(failures, 'by-school', 'count the pages that failed, by school', bySchool)
    .option('--top <n>', 'the schools with most of them', count, 20)
    .addHelpText(
      'after',
      examples('failures by-school', 'failures by-school --states Alabama --top 5 --json'),
    );
  failures
    .command('show')
    .description('show one failure: its evidence, every change of its state, and what to do')
    .argument('<item>', 'source/target/date/item, or state:school:year:page, as "failures list" prints it')
    .addHelpText(
      'after',
      examples('failures show racing/gb/2025-11-17/4711', 'failures show "Ohio:Quill Seminary:1861:3"'),
    )
    .action((name: string, options: object, command: Command) =>
      isPageName(name) ? showExtractFailures(name, command) : showFailure(name, options, command),
    );
  const clear = withCsv(withFailureScope(withFailureFilter(failures.command('clear'))));
  withConfirmation(clear, 'what would be cleared')
    .description(
      'dismiss failures that nobody wants any more, and forget closed ones; or clear the counts of pages, which takes nothing away and needs no --confirm',
    )
    .option('--all', 'the counts of all pages of an extraction; what is logged of them stays')
    .addHelpText(
      'after',
      examples(
        'failures clear --code NOT_FOUND --target gb --dry-run',
        'failures clear --code NOT_FOUND --target gb --confirm',
        'failures clear --state recovered --end 2025-10-31 --confirm',
        'failures clear --all --dry-run',
        'failures clear --states Alabama --schools "Vale Academy" --year-start 1860 --year-end 1860',
      ),
    )
    .action((options: ClearOptions & Options & { all?: boolean }, command: Command) =>
      failureScopeOf(options, command, options.all) === 'extraction'
        ? clearExtractCounts(options, command)
        : clearMatching(options, command),
    );
  withCsv(withFailureScope(withFailureFilter(failures.command('export'))))
    .description('every field of each failure as one flat row, in CSV or with --json')
    .addHelpText(
      'after',
      examples(
        'failures export > open.csv',
        'failures export --state all --csv failures.csv',
        'failures export --only extraction --csv failures.csv',
      ),
    )
    .action(async (options: Options, command: Command) => {
      const scope = failureScopeOf(options, command);
      if (scope === 'extraction') return exportExtractFailures(options, command);
      await exportFailures(options, command);
      if (scope === undefined) await tellExtractFailures(command);
    });
  return failures;
}

/** A subcommand that prints the failures that match, seen in one way. */
function listing(
  failures: Command,
  name: string,
  description: string,
  view: (failures: readonly Failure[]) => FailureView,
  ofExtraction: (options: Options, command: Command) => Promise<void>,
  state?: FailureFilterState,
): Command {
  const listed = withFailureFilter(failures.command(name).description(description), state);
  return withCsv(withFailureScope(listed)).action(async (options: Options, command: Command) => {
    const scope = failureScopeOf(options, command);
    if (scope === 'extraction') return ofExtraction(options, command);
    await printScraping(view, options, command);
    // Nobody has said what is meant: a person sees both, and a program the one with its columns as ever.
    if (scope === 'scraping' || !(await tellExtractFailures(command))) return;
    if (!globalOptions(command).json && !options.csv) await ofExtraction(options, command);
  });
}

async function printScraping(
  view: (failures: readonly Failure[]) => FailureView,
  options: Options,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, globals) => {
    const matching = await failuresThatMatch(platform, options);
    printList({ ...view(matching), none: noFailures(options) }, { ...globals, ...options });
  });
}

/** A subcommand about pages alone. */
function extractListing(
  failures: Command,
  name: string,
  description: string,
  view: ExtractFailureView,
): Command {
  return withCsv(
    withExtractionOption(withBookFilter(failures.command(name).description(description))),
  ).action(printExtractView(view));
}
