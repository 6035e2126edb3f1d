import type { Command } from 'commander';
import { type Failure, timesRedriven } from '../core/failures/failure.ts';
import { withScrapedSources } from './context.ts';
import { type FailureFilterOptions, failuresThatMatch, noFailures } from './failure-filter.ts';
import { dueAt } from './failure-views.ts';
import { type ListOptions, printList, timeText } from './list.ts';

/** Every failure that matches as one flat row, for a spreadsheet or another program. */
export async function exportFailures(
  options: FailureFilterOptions & ListOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, globals) => {
    const rows = (await failuresThatMatch(platform, options)).map(flat);
    const none = noFailures(options);
    const usual = options.csv || globals.json ? {} : { csv: true as const };
    const columns = COLUMNS.map((name) => ({ name }));
    printList({ columns, rows, none }, { ...globals, ...options, ...usual });
    if (rows.length === 0) console.error(none);
  });
}

const COLUMNS = [
  ...[
    'source',
    'target',
    'date',
    'item_id',
    'url',
    'state',
    'error_code',
    'error_message',
    'runs',
    'attempts',
    'counts',
  ],
  ...['capture', 'first_run_id', 'last_run_id', 'opened_at', 'last_failed_at'],
  ...['queued_at', 'due_at', 'tries', 'redrives', 'dead_at', 'claimed_by', 'claimed_until'],
  ...['closed_at', 'closed_by', 'last_transition', 'last_transition_at', 'last_transition_by'],
  'last_transition_why',
];

function flat(failure: Failure): Record<string, unknown> {
  const { source, target, date, url, state, runs, attempts, counts, capture } = failure;
  const { retry, claim, transitions } = failure;
  const last = transitions.at(-1);
  return {
    ...{ source, target, date, item_id: failure.item, url, state },
    ...{ error_code: failure.code, error_message: failure.message, runs, attempts, counts, capture },
    first_run_id: failure.firstRunId,
    last_run_id: failure.lastRunId,
    opened_at: time(failure.openedAt),
    last_failed_at: time(failure.lastFailedAt),
    queued_at: time(retry?.sentAt),
    due_at: time(dueAt(failure)),
    tries: retry?.tries ?? null,
    redrives: retry ? timesRedriven(failure) : null,
    dead_at: time(retry?.deadAt),
    claimed_by: claim?.runId ?? null,
    claimed_until: time(claim?.until),
    closed_at: time(failure.closedAt),
    closed_by: failure.closedBy,
    last_transition: last?.state ?? null,
    last_transition_at: time(last?.at),
    last_transition_by: last?.by ?? null,
    last_transition_why: last?.why ?? null,
  };
}

function time(ms: number | null | undefined): string | null {
  return timeText(ms) || null;
}
