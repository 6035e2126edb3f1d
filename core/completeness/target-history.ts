import { addDays, type CivilDate, datesBetween } from '../calendar/civil-date.ts';
import { startOfDate } from '../calendar/window.ts';
import type { StateStore } from '../ports/state-store.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Source, Target } from '../source/source.ts';
import type { CompletenessQuery } from './query.ts';
import { interruptedRuns } from './run-windows.ts';
import { visitTargetDays } from './target-days.ts';
import { SilenceTally, TargetsTally } from './targets-of-day.ts';

/** How the targets of a value stood, by date, and whether their crawls have stopped. */
export interface TargetHistory {
  readonly days: ReadonlyMap<CivilDate, TargetsTally>;
  readonly silence: string | undefined;
  /** By date, the run that was interrupted for good. */
  readonly interrupted: ReadonlyMap<string, string>;
}

/** By value. Where `targets` are asked for, of those alone. */
export async function targetHistories(
  state: StateStore,
  source: Source,
  values: ReadonlyMap<string, readonly Target[]>,
  { start, end, today, targets: asked, lake, now }: CompletenessQuery,
): Promise<ReadonlyMap<string, TargetHistory>> {
  const meant = asked && new Set([...values.values()].flat().map(({ id }) => id));
  const tallies = new Map<string, { days: Map<CivilDate, TargetsTally>; silence: SilenceTally }>();
  for (const value of values.keys()) {
    const dates = [...datesBetween(start, end)].filter((date) => date <= today);
    const days = new Map(dates.map((date) => [date, new TargetsTally()]));
    tallies.set(value, { days, silence: new SilenceTally() });
  }
  await visitTargetDays(
    { state, ...(lake && { lake }) },
    source,
    // Without a clock, as the day ends: all that was to come by then was due.
    { start, end, today, now: now ?? startOfDate(addDays(today, 1), source.timeZone) },
    (stood) => {
      if (meant?.has(stood.target) ?? true) tallies.get(stood.value)?.days.get(stood.date)?.add(stood);
    },
    (record) => {
      const { target: id, attributes } = record;
      const value = partitionValueOf(source, { id, ...(attributes && { attributes }) });
      if (now !== undefined && (meant?.has(id) ?? true)) tallies.get(value)?.silence.add(source, record, now);
    },
  );
  const interrupted = await interruptedRuns(state, source.name, { start, end });
  const histories = [...tallies].map(([value, { days, silence }]): [string, TargetHistory] => [
    value,
    { days, silence: now === undefined ? undefined : silence.text(source, now), interrupted },
  ]);
  return new Map(histories);
}
