import type { PartitionRecord } from '../state/partition-store.ts';
import type { RunRecord } from '../state/run-store.ts';
import { instant } from '../wording/figures.ts';

/** A run that was, or is, to refresh a date. */
export interface RefreshDue {
  readonly runId: string;
  readonly status: RunRecord['status'];
  /** See `RunRecord`; 0 for one that was begun before runs were counted. */
  readonly sequence: number;
  /** Milliseconds. */
  readonly startedAt: number;
}

/** By sequence, where both are counted: what was begun before that is told by the clock. */
export function isSettled(lastRefresh: PartitionRecord, { sequence, startedAt }: RefreshDue): boolean {
  if (sequence > 0 && lastRefresh.settledRun !== null) return lastRefresh.settledRun >= sequence;
  return lastSettledAt(lastRefresh) >= startedAt;
}

/** Milliseconds. Whoever accepted or rejected what a run brought has settled that run's question. */
function lastSettledAt({ status, at, freshAt }: PartitionRecord): number {
  const decided = status === 'accepted' || status === 'rejected';
  return Math.max(freshAt ?? 0, decided ? at : 0);
}

const RUN_TEXT: Readonly<Record<RefreshDue['status'], string>> = {
  running: 'is under way, or was interrupted',
  succeeded: 'left it out',
  incomplete: 'did not publish it',
  failed: 'failed',
  abandoned: 'was interrupted and not taken up again',
};

export function runText({ runId, status, startedAt }: RefreshDue): string {
  return `run ${runId} of ${instant(new Date(startedAt).toISOString())} ${RUN_TEXT[status]}`;
}
