import { partitionName } from '../core/lake/layout.ts';
import { civilDate } from '../core/window/civil-date.ts';
import { type Failure, isUnresolved } from '../core/work/failure.ts';
import { type List, number, timeText } from './list.ts';

/** Failures as rows of a table; `values` are what `--json` prints where that is more. */
export interface FailureView {
  readonly columns: List['columns'];
  readonly rows: readonly Record<string, unknown>[];
  readonly values?: readonly unknown[];
}

/** `racing/gb/2026-11-17/4711` */
export function nameOf({ source, target, date, item }: Failure): string {
  return `${partitionName(source, { target, date: civilDate(date) })}/${item}`;
}

export function listOf(failures: readonly Failure[]): FailureView {
  return {
    columns: [
      { name: 'failure' },
      { name: 'code' },
      { name: 'state' },
      { name: 'runs', ...number },
      { name: 'tries', ...number },
      { name: 'lastFailed', title: 'last failed' },
      { name: 'message' },
    ],
    values: failures,
    rows: failures.map((failure) => ({
      failure: nameOf(failure),
      code: failure.code,
      state: failure.state,
      runs: failure.runs,
      tries: failure.attempts,
      lastFailed: timeText(failure.lastFailedAt),
      message: failure.message,
    })),
  };
}

export function summaryOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ source }) => source).map(([source, group]) => {
    const open = group.filter(isUnresolved);
    return {
      source,
      open: open.length,
      recovered: group.filter(({ state }) => state === 'recovered').length,
      dismissed: group.filter(({ state }) => state === 'dismissed').length,
      partitions: new Set(open.map(({ target, date }) => `${target}/${date}`)).size,
      oldest: timeText(open.length > 0 ? Math.min(...open.map(({ openedAt }) => openedAt)) : null),
    };
  });
  const columns = [
    { name: 'source' },
    { name: 'open', ...number },
    { name: 'recovered', ...number },
    { name: 'dismissed', ...number },
    { name: 'partitions', title: 'partitions with open ones', ...number },
    { name: 'oldest', title: 'oldest open one' },
  ];
  return { columns, rows };
}

export function byErrorOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ code }) => code).map(([code, group]) => ({
    code,
    failures: group.length,
    targets: uniqueText(group.map(({ source, target }) => `${source}/${target}`)),
    lastFailed: timeText(Math.max(...group.map(({ lastFailedAt }) => lastFailedAt))),
    message: group[0]?.message ?? null,
  }));
  const columns = [
    { name: 'code' },
    { name: 'failures', ...number },
    { name: 'targets' },
    { name: 'lastFailed', title: 'last failed' },
    { name: 'message', title: 'latest message' },
  ];
  return { columns, rows };
}

export function byTargetOf(failures: readonly Failure[]): FailureView {
  const rows = grouped(failures, ({ source, target }) => `${source}/${target}`).map(([target, group]) => ({
    target,
    failures: group.length,
    dates: new Set(group.map(({ date }) => date)).size,
    codes: uniqueText(group.map(({ code }) => code)),
    lastFailed: timeText(Math.max(...group.map(({ lastFailedAt }) => lastFailedAt))),
  }));
  const columns = [
    { name: 'target' },
    { name: 'failures', ...number },
    { name: 'dates', ...number },
    { name: 'codes' },
    { name: 'lastFailed', title: 'last failed' },
  ];
  return { columns, rows };
}

/** The largest group first. */
function grouped(failures: readonly Failure[], keyOf: (failure: Failure) => string): [string, Failure[]][] {
  return [...Map.groupBy(failures, keyOf)].sort(([, a], [, b]) => b.length - a.length);
}

function uniqueText(values: readonly string[]): string {
  return [...new Set(values)].sort().join(', ');
}
