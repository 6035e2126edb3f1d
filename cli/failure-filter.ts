import type { Command } from 'commander';
import { type Failure, isUnresolved } from '../core/failures/failure.ts';
import { FAILURE_STATES } from '../core/failures/failure-schema.ts';
import { FailureStore } from '../core/failures/failure-store.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { UsageError } from './failure.ts';
import { codeOf, type FilterOptions, filterOf, isInFilter, withFilter } from './filter.ts';

/** Which failures a command is about. What is left out narrows nothing, but for the state. */
export interface FailureFilterOptions extends FilterOptions {
  readonly code?: string;
  readonly state: FailureFilterState;
}

const STATES = ['unresolved', ...FAILURE_STATES, 'all'] as const;
/** `unresolved`: open, queued or dead. */
export type FailureFilterState = (typeof STATES)[number];

/** Adds `--source --target --start --end --code --state`. */
export function withFailureFilter(command: Command, state: FailureFilterState = 'unresolved'): Command {
  return withFilter(command)
    .option('--code <code>', 'only failures whose last error was this one, as in TIMEOUT')
    .option('--state <state>', STATES.join(', '), state);
}

/**
 * Newest first. Throws a UsageError for a name, date, code or state that there is not, saying what there is.
 */
export async function failuresThatMatch(
  platform: Pick<CommandPlatform, 'sources' | 'state'>,
  options: FailureFilterOptions,
): Promise<Failure[]> {
  const filter = filterOf(platform, options);
  const code = codeOf(options.code);
  const { state } = options;
  if (!STATES.includes(state))
    throw new UsageError(`there is no state ${JSON.stringify(state)}`, `there is: ${STATES.join(', ')}`);
  const store = new FailureStore(platform.state);
  const failures: Failure[] = [];
  for (const source of filter.sources) {
    for await (const failure of store.list(source.name)) {
      if (!isInFilter(filter, failure) || (code && failure.code !== code)) continue;
      if (isInState(failure, state)) failures.push(failure);
    }
  }
  return failures.sort((a, b) => b.lastFailedAt - a.lastFailedAt);
}

function isInState(failure: Failure, asked: FailureFilterState): boolean {
  if (asked === 'unresolved') return isUnresolved(failure);
  return asked === 'all' || failure.state === asked;
}

/** What is said where the filter leaves nothing. */
export function noFailures({ state }: Pick<FailureFilterOptions, 'state'>): string {
  return state === 'all' ? 'no failures that match' : `no ${state} failures that match`;
}
