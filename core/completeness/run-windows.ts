import { type CivilDate, datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { StateStore } from '../ports/state-store.ts';
import { hasAttributes } from '../source/partition.ts';
import type { Target } from '../source/source.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import type { RefreshDue } from './refresh-due.ts';

/** The runs that were to refresh a date. */
export interface RunsOfDate {
  /** The newest that has ended, whatever came of it, or that must have been interrupted. */
  readonly due?: RefreshDue;
  /** One that is newer and under way. */
  readonly underWay?: RefreshDue;
}

/** No run is under way for longer, in milliseconds: one that has not ended by then was interrupted. */
const LONGEST_RUN_MS = 86_400_000;

/**
 * For each value, the newest runs whose window covers each date of the range. A date that no run on record
 * covers is not there. Reads from the newest run back, and stops when every date has one that has ended.
 * `now`: milliseconds; left out, a run that has not ended was interrupted. `ended`: a run that ends at this
 * moment, whatever its record says.
 */
export async function lastRuns(
  state: StateStore,
  source: string,
  values: ReadonlyMap<string, readonly Target[]>,
  range: DateRange,
  { now, ended }: { readonly now?: number | undefined; readonly ended?: string | undefined },
): Promise<ReadonlyMap<string, ReadonlyMap<CivilDate, RunsOfDate>>> {
  const found = new Map([...values.keys()].map((value) => [value, new Map<CivilDate, RunsOfDate>()]));
  let open = values.size * [...datesBetween(range.start, range.end)].length;
  for await (const { input, status, sequence, startedAt } of new RunStore(state).list(source)) {
    if (open <= 0) break;
    const run = { runId: input.runId, status, sequence, startedAt };
    const isRunning = status === 'running' && input.runId !== ended;
    const isUnderWay = isRunning && now !== undefined && now - startedAt < LONGEST_RUN_MS;
    const covered = [...datesBetween(laterOf(range.start, input.start), earlierOf(range.end, input.end))];
    for (const [value, runs] of found) {
      if (!coversValue(input, value, values.get(value)!)) continue;
      for (const date of covered) {
        const known = runs.get(date);
        if (known?.due) continue;
        runs.set(date, isUnderWay ? { underWay: run, ...known } : { ...known, due: run });
        if (!isUnderWay) open -= 1;
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
  { targets: asked, where = {} }: Pick<RunInput, 'targets' | 'where'>,
  value: string,
  targets: readonly Target[],
): boolean {
  const isNamed = !asked || asked.includes(value) || targets.every(({ id }) => asked.includes(id));
  return isNamed && targets.every((target) => hasAttributes(target, where));
}

/** The values of which a run refreshes all; null where that is every one. */
export function coveredValues(
  input: Pick<RunInput, 'targets' | 'where'>,
  values: ReadonlyMap<string, readonly Target[]>,
): string[] | null {
  const covered = [...values].filter(([value, targets]) => coversValue(input, value, targets));
  return covered.length === values.size ? null : covered.map(([value]) => value);
}

function laterOf(date: CivilDate, other: string): CivilDate {
  return other > date ? (other as CivilDate) : date;
}

function earlierOf(date: CivilDate, other: string): CivilDate {
  return other < date ? (other as CivilDate) : date;
}
