import type { Command } from 'commander';
import { rerunCommand } from '../core/report/commands.ts';
import type { Source } from '../core/source/source.ts';
import { civilDate } from '../core/window/civil-date.ts';
import { FAILURE_STATES, type Failure, isUnresolved } from '../core/work/failure.ts';
import { FailureRegister } from '../core/work/failure-register.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { byErrorOf, byTargetOf, type FailureView, listOf, nameOf, summaryOf } from './failure-views.ts';
import { codeOf, type FilterOptions, filterOf, isInFilter, itemOf, withDates } from './filter.ts';
import { counted, type ListOptions, printList, timeText, withCsv } from './list.ts';
import { cellText, printJson } from './print.ts';

interface FailureFilter extends FilterOptions, ListOptions {
  readonly code?: string;
  readonly state: string;
}

const STATES = ['unresolved', ...FAILURE_STATES, 'all'] as const;

export function failuresCommand(): Command {
  const failures = newCommand('failures')
    .description('items that used up their attempts in a run')
    .addHelpText(
      'after',
      examples(
        'failures list --source racing --target gb --code TIMEOUT',
        'failures summary',
        'failures by-error --start 2025-11-11 --end 2025-11-17 --json',
        'failures show racing/gb/2025-11-17/4711',
      ),
    );
  withFilter(failures.command('list').description('list failures, newest first'))
    .addHelpText('after', examples('failures list --target gb', 'failures list --state all --csv'))
    .action((options: FailureFilter, command: Command) => printFailures(command, options, listOf));
  withFilter(failures.command('summary').description('count failures by source and state'), 'all')
    .addHelpText('after', examples('failures summary', 'failures summary --source racing --json'))
    .action((options: FailureFilter, command: Command) => printFailures(command, options, summaryOf));
  withFilter(failures.command('by-error').description('count failures by error code'))
    .addHelpText('after', examples('failures by-error', 'failures by-error --target fr --state all'))
    .action((options: FailureFilter, command: Command) => printFailures(command, options, byErrorOf));
  withFilter(failures.command('by-target').description('count failures by target'))
    .addHelpText('after', examples('failures by-target', 'failures by-target --code BLOCKED --json'))
    .action((options: FailureFilter, command: Command) => printFailures(command, options, byTargetOf));
  failures
    .command('show')
    .description('show one failure with its evidence')
    .argument('<item>', 'source/target/date/item, as "failures list" prints it')
    .addHelpText('after', examples('failures show racing/gb/2025-11-17/4711'))
    .action(async (name: string, _options: object, command: Command) => {
      await withPlatform(command, async (platform, { json }) => {
        const { source, failure } = await failureNamed(platform, name);
        if (json) printJson(failure);
        else printFailure(source, failure);
      });
    });
  return failures;
}

function withFilter(command: Command, state: (typeof STATES)[number] = 'unresolved'): Command {
  return withCsv(
    withDates(
      command.option('--source <source>', 'only this source').option('--target <target>', 'only this target'),
    )
      .option('--code <code>', 'only this error code, as in TIMEOUT')
      .option('--state <state>', STATES.join(', '), state),
  );
}

async function printFailures(
  command: Command,
  options: FailureFilter,
  view: (failures: readonly Failure[]) => FailureView,
): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const failures = await failuresThatMatch(platform, options);
    const none =
      options.state === 'all' ? 'no failures that match' : `no ${options.state} failures that match`;
    printList({ ...view(failures), none }, { ...globals, ...options });
  });
}

/** Newest first. */
async function failuresThatMatch(platform: CommandPlatform, options: FailureFilter): Promise<Failure[]> {
  const filter = filterOf(platform, options);
  const code = codeOf(options.code);
  const { state } = options;
  if (!STATES.some((known) => known === state)) {
    throw new UsageError(`there is no state ${JSON.stringify(state)}; there is: ${STATES.join(', ')}`);
  }
  const register = new FailureRegister(platform.state);
  const failures: Failure[] = [];
  for (const source of filter.sources) {
    for await (const failure of register.list(source.name)) {
      if (!isInFilter(filter, failure) || (code && failure.code !== code)) continue;
      if (isInState(failure, state)) failures.push(failure);
    }
  }
  return failures.sort((a, b) => b.lastFailedAt - a.lastFailedAt);
}

function isInState(failure: Failure, asked: string): boolean {
  if (asked === 'unresolved') return isUnresolved(failure);
  return asked === 'all' || failure.state === asked;
}

async function failureNamed(
  platform: CommandPlatform,
  name: string,
): Promise<{ source: Source; failure: Failure }> {
  const { source, partition, item } = itemOf(platform, name);
  for await (const failure of new FailureRegister(platform.state).list(source.name, partition)) {
    if (failure.item === item) return { source, failure };
  }
  throw new FailedCommand(`${name} never failed; "rescrape why ${name}" tells what became of it`);
}

function printFailure(source: Source, failure: Failure): void {
  const partition = { target: failure.target, date: civilDate(failure.date) };
  const closed = failure.closedAt === null ? '' : ` ${timeText(failure.closedAt)} by ${failure.closedBy}`;
  const lines: [string, string][] = [
    ['failure', nameOf(failure)],
    ['state', `${failure.state}${closed}`],
    ['error', `${failure.code}${failure.message ? `: ${failure.message}` : ''}`],
    ['address', failure.url],
    ['tries', `${failure.attempts} in ${counted(failure.runs, 'run')}`],
    ['opened', `${timeText(failure.openedAt)} by run ${failure.firstRunId}`],
    ['last', `${timeText(failure.lastFailedAt)} in run ${failure.lastRunId}`],
    ['capture', failure.capture ?? 'none: no response came'],
  ];
  for (const [title, text] of lines) console.log(`${title.padEnd(8)} ${cellText(text)}`);
  if (!isUnresolved(failure)) return;
  console.log(`next     rescrape why ${nameOf(failure)}`);
  console.log(`         ${rerunCommand(source.name, partition)}`);
}
