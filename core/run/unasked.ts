import { type CivilDate, civilDate, datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import { FailureStore } from '../failures/failure-store.ts';
import type { Platform } from '../platform.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Partition, Source } from '../source/source.ts';
import { PartitionStore } from '../state/partition-store.ts';
import { type RunRecord, RunStore } from '../state/run-store.ts';
import { targetsWithRecords } from '../targets/register.ts';

/**
 * The dates of a target that runs left undone since it was flagged, or in the run that flagged it: they
 * passed it over, or items of it were never asked for, which no failure tells. Undefined where there are
 * none.
 */
export async function unaskedDates(
  { state }: Pick<Platform, 'state'>,
  source: Source,
  target: string,
  since: number,
): Promise<DateRange | undefined> {
  const [known] = await targetsWithRecords(state, source, [target]);
  const value = known ? partitionValueOf(source, known.target) : target;
  const newest = new Map<CivilDate, RunRecord>();
  for await (const run of new RunStore(state).list(source.name)) {
    const { input, finishedAt } = run;
    if (finishedAt !== null && finishedAt < since) break;
    if (input.targets && !input.targets.some((name) => name === target || name === value)) continue;
    for (const date of datesBetween(civilDate(input.start), civilDate(input.end)))
      if (!newest.has(date)) newest.set(date, run);
  }
  const dates: CivilDate[] = [];
  for (const [date, run] of newest) if (await isUndone(state, source, { value, date }, run)) dates.push(date);
  const [start, end] = [dates.sort()[0], dates.at(-1)];
  return start && end && { start, end };
}

async function isUndone(
  state: Platform['state'],
  source: Source,
  partition: Partition,
  { startedAt }: RunRecord,
): Promise<boolean> {
  const lastRefresh = await new PartitionStore(state).get(source.table.name, partition);
  if (!lastRefresh || lastRefresh.status === 'failed' || lastRefresh.at < startedAt) return true;
  if (lastRefresh.failed === 0) return false;
  const failures = await Array.fromAsync(new FailureStore(state).list(source.name, partition));
  return lastRefresh.failed > failures.length;
}
