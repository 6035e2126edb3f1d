import { type Failure, isUnresolved } from '../core/failures/failure.ts';
import { FAILURE_STATES } from '../core/failures/failure-schema.ts';
import { itemName } from '../core/lake/layout.ts';
import { countsText } from '../core/report/failed-items.ts';
import { failureRecord } from './json-records.ts';
import { type List, number, timeText } from './list.ts';

/** Failures as rows of a table; `values` are what `--json` prints where that is more. */
export interface FailureView {
  readonly columns: List['columns'];
  readonly rows: readonly Record<string, unknown>[];
  readonly values?: readonly unknown[];
}

export function listOf(failures: readonly Failure[]): FailureView {
  return {
    columns: [
      { name: 'failure' },
      { name: 'code' },
      { name: 'state' },
      { name: 'due' },
      { name: 'runs', ...number },
      { name: 'tries', ...number },
      { name: 'outcomes' },
      { name: 'last_failed_at', title: 'last failed' },
      { name: 'message' },
    ],
    values: failures.map(failureRecord),
    rows: failures.map((failure) => ({
      failure: itemName(failure),
      code: failure.code,
      state: failure.state,
      due: timeText(dueAt(failure)),
      runs: failure.runs,
      tries: failure.attempts,
      outcomes: countsText(failure.counts),
      last_failed_at: timeText(failure.lastFailedAt),
      message: failure.message,
    })),
  };
}

/** When it is tried again by itself; milliseconds. Undefined where nothing does. */
export function dueAt({ state, retry }: Failure): number | undefined {
  return state === 'queued' ? retry?.dueAt : undefined;
}

export function summaryOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ source }) => source).map(([source, group]) => {
    const unresolved = group.filter(isUnresolved);
    const counts = FAILURE_STATES.map((state) => [state, group.filter((one) => one.state === state).length]);
    const since = unresolved.map(({ openedAt }) => openedAt);
    return {
      source,
      ...Object.fromEntries(counts),
      partitions: new Set(unresolved.map(({ target, date }) => `${target}/${date}`)).size,
      oldest_opened_at: timeText(since.length > 0 ? since.reduce((a, b) => Math.min(a, b)) : null) || null,
    };
  });
  const columns = [
    { name: 'source' },
    ...FAILURE_STATES.map((name) => ({ name, ...number })),
    { name: 'partitions', title: 'partitions with unresolved ones', ...number },
    { name: 'oldest_opened_at', title: 'oldest unresolved one' },
  ];
  return { columns, rows };
}

export function byErrorOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ code }) => code).map(([code, group]) => ({
    error_code: code,
    failures: group.length,
    targets: uniqueText(group.map(({ source, target }) => `${source}/${target}`)),
    last_failed_at: timeText(latestOf(group)),
    error_message: group[0]?.message ?? null,
  }));
  const columns = [
    { name: 'error_code', title: 'code' },
    { name: 'failures', ...number },
    { name: 'targets' },
    { name: 'last_failed_at', title: 'last failed' },
    { name: 'error_message', title: 'latest message' },
  ];
  return { columns, rows };
}

export function byTargetOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ source, target }) => `${source}/${target}`).map(([target, group]) => ({
    target,
    failures: group.length,
    dates: new Set(group.map(({ date }) => date)).size,
    error_codes: uniqueText(group.map(({ code }) => code)),
    last_failed_at: timeText(latestOf(group)),
  }));
  const columns = [
    { name: 'target' },
    { name: 'failures', ...number },
    { name: 'dates', ...number },
    { name: 'error_codes', title: 'codes' },
    { name: 'last_failed_at', title: 'last failed' },
  ];
  return { columns, rows };
}

function latestOf(group: readonly Failure[]): number {
  return group.reduce((latest, { lastFailedAt }) => Math.max(latest, lastFailedAt), 0);
}

/** The largest group first. */
function grouped(failures: readonly Failure[], keyOf: (failure: Failure) => string): [string, Failure[]][] {
  return [...Map.groupBy(failures, keyOf)].sort(([, a], [, b]) => b.length - a.length);
}

function uniqueText(values: readonly string[]): string {
  return [...new Set(values)].sort().join(', ');
}
