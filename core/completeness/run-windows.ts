import { type CivilDate, datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Target } from '../source/source.ts';
import { type RunRecord, RunStore } from '../state/run-store.ts';

/** The last run that was to refresh a date. */
export interface RefreshDue {
  readonly runId: string;
  readonly status: RunRecord['status'];
  /** See `RunRecord`; 0 for one that was begun before runs were counted. */
  readonly sequence: number;
  /** Milliseconds. */
  readonly startedAt: number;
}

/**
 * For each value, the newest run whose window covers each date of the range, whatever came of the run. A
 * date that no run on record covers is not there. Reads from the newest run back, and stops when every date
 * has its run.
 */
export async function lastRuns(
  state: StateStore,
  source: string,
  values: ReadonlyMap<string, readonly Target[]>,
  range: DateRange,
): Promise<ReadonlyMap<string, ReadonlyMap<CivilDate, RefreshDue>>> {
  const found = new Map([...values.keys()].map((value) => [value, new Map<CivilDate, RefreshDue>()]));
  let open = values.size * [...datesBetween(range.start, range.end)].length;
  for await (const { input, status, sequence, startedAt } of new RunStore(state).list(source)) {
    if (open <= 0) break;
    const due = { runId: input.runId, status, sequence, startedAt };
    const covered = [...datesBetween(laterOf(range.start, input.start), earlierOf(range.end, input.end))];
    for (const [value, runs] of found) {
      if (!coversValue(input.targets, value, values.get(value)!)) continue;
      for (const date of covered) {
        if (runs.has(date)) continue;
        runs.set(date, due);
        open -= 1;
      }
    }
  }
  return found;
}

/** Of a source whose runs have one date each: by date the newest run that was interrupted for good. */
export async function interruptedRuns(
  state: StateStore,
  source: string,
  { start }: DateRange,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { input, status } of new RunStore(state).list(source)) {
    if (input.end < start) break;
    if (status === 'abandoned' && !found.has(input.end)) found.set(input.end, input.runId);
  }
  return found;
}

/** True where a run of these targets, or values, refreshes all of a partition. */
export function coversValue(
  asked: readonly string[] | undefined,
  value: string,
  targets: readonly Target[],
): boolean {
  return !asked || asked.includes(value) || targets.every(({ id }) => asked.includes(id));
}

function laterOf(date: CivilDate, other: string): CivilDate {
  return other > date ? (other as CivilDate) : date;
}

function earlierOf(date: CivilDate, other: string): CivilDate {
  return other < date ? (other as CivilDate) : date;
}
