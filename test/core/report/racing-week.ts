import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { FailedItemSummary, FailedItems } from '../../../core/report/failed-items.ts';
import type { PartitionResult, PartitionSummary, RunSummary } from '../../../core/report/run-summary.ts';

/** A result of twenty races, unless told otherwise. */
export function result(
  change: Partial<Omit<PartitionResult, 'stats'>> = {},
  stats: Partial<PartitionResult['stats']> = {},
): PartitionResult {
  return {
    status: 'committed',
    version: '01997b3e-0000-7000-8000-000000000001',
    stats: {
      expected: 20,
      found: 20,
      empty: 0,
      pending: 0,
      abandoned: 0,
      void: 0,
      carried: 0,
      failed: 0,
      unchanged: 0,
      indexRead: true,
      ...stats,
    },
    rows: 181,
    rowsBefore: 180,
    reason: null,
    ...change,
  };
}

export function partition(
  target: string,
  date: string,
  outcome: PartitionSummary['result'],
): PartitionSummary {
  return {
    partition: { value: target, date: civilDate(date) },
    name: `racing/${target}/${date}`,
    result: outcome,
  };
}

/** A race that the site refused and that is tried again, unless told otherwise. */
export function failedItem(item: string, change: Partial<FailedItemSummary> = {}): FailedItemSummary {
  return {
    name: 'racing/ire/2025-11-16',
    item,
    url: `https://example.org/results/${item}`,
    code: 'RATE_LIMITED',
    message: 'HTTP 406 Not Acceptable',
    state: 'queued',
    dueAt: Date.parse('2025-11-17T02:15:30.000Z'),
    triesLeft: 3,
    flagged: false,
    ...change,
  };
}

export function failedItems(items: readonly FailedItemSummary[], total = items.length): FailedItems {
  const count = (key: 'state' | 'code') =>
    Object.fromEntries(
      [...Map.groupBy(items, (item) => item[key])].map(([name, group]) => [name, group.length]),
    );
  const flagged = [...new Set(items.flatMap(({ name, flagged }) => (flagged ? [name.split('/')[1]!] : [])))];
  return { total, states: count('state'), codes: count('code'), flagged, items };
}

export function summaryOf(
  change: Partial<RunSummary> = {},
  run: Partial<RunSummary['run']> = {},
): RunSummary {
  return {
    run: {
      run_id: '01997b3e-0000-7000-8000-0000000000aa',
      source: 'racing',
      status: 'succeeded',
      window_start: '2025-11-11',
      sequence: 7,
      partition_values: null,
      window_end: '2025-11-17',
      forced: false,
      started_at: '2025-11-17T01:30:00.000Z',
      finished_at: '2025-11-17T01:30:41.230Z',
      partitions: 1,
      committed: 1,
      unchanged: 0,
      held: 0,
      failed: 0,
      items_expected: 20,
      items_found: 20,
      items_carried: 0,
      items_failed: 0,
      items_pending: 0,
      items_without_result: 0,
      items_withdrawn: 0,
      attempts: 21,
      wire_bytes: 3_400_000,
      ...run,
    },
    partitions: [partition('gb', '2025-11-17', result())],
    skipped: [],
    ...change,
  };
}

/** A day on which everything that can go wrong does. */
export const racingWeek: RunSummary = summaryOf(
  {
    partitions: [
      partition('gb', '2025-11-16', result({ status: 'unchanged' }, { unchanged: 20 })),
      partition('ire', '2025-11-16', result({}, { found: 17, carried: 2, failed: 3 })),
      partition(
        'gb',
        '2025-11-17',
        result({
          status: 'held',
          rows: 1_181,
          reason: '50 rows instead of 1181: fewer than the 591 that expect.maxShrink 0.5 allows',
        }),
      ),
      partition(
        'ire',
        '2025-11-17',
        result(
          { status: 'failed', version: null, rows: 0, reason: 'index: TIMEOUT headers: 20000 ms' },
          { indexRead: false },
        ),
      ),
      partition('gb', '2025-11-18', 'broken'),
    ],
    skipped: [{ target: 'fr', reason: 'security_block_one_attempt', since: '2025-11-16T01:30:12.000Z' }],
    failures: failedItems([
      failedItem('4711'),
      failedItem('4712', {
        ...{ state: 'open', code: 'NOT_FOUND', message: 'HTTP 404 Not Found', dueAt: null, triesLeft: 0 },
      }),
      failedItem('4713', { state: 'dead', code: 'TIMEOUT', message: null, dueAt: null, triesLeft: 0 }),
      failedItem('index', {
        ...{ name: 'racing/ire/2025-11-17', code: 'TIMEOUT', message: 'headers: 20000 ms', triesLeft: 1 },
      }),
    ]),
  },
  {
    status: 'incomplete',
    partitions: 5,
    committed: 1,
    unchanged: 1,
    held: 1,
    failed: 2,
    items_expected: 60,
    items_found: 57,
    items_carried: 2,
    items_failed: 3,
    attempts: 1_067,
  },
);
