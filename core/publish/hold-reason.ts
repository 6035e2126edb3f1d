import { civilDate } from '../calendar/civil-date.ts';
import { itemsOf } from '../completeness/date-status.ts';
import { type DayCount, findSuspicious } from '../completeness/statistics.ts';
import type { PartitionJob } from '../job.ts';
import { listedNames, withdrawnText } from '../lake/item-counts.ts';
import type { Merged } from '../lake/merge.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import { PartitionStore } from '../state/partition-store.ts';

/** Dates of a target beside the one in question that it takes for their statistics to hold a version back. */
const HISTORY_DATES = 10;
const ALL_DATES = { start: civilDate('1000-01-01'), end: civilDate('9999-12-31') };

/**
 * Why the version must wait for a person, or null. Rows that failed items keep are in the count: they explain
 * themselves. What a version loses because its index says so is believed up to a point, and never where the
 * index claims that there is nothing.
 */
export async function holdReason(
  context: PartitionJob,
  merged: Merged,
  rows: number,
  current: VersionDescriptor | undefined,
): Promise<string | null> {
  if (!current) return null;
  const reason =
    emptied(merged, current) ??
    rowsLost(context, rows, current) ??
    itemsLost(context, merged, current) ??
    itemShrunk(context, merged, current) ??
    (await improbable(context, merged, current));
  if (reason === undefined) return null;
  const lost = merged.withdrawn.map(({ id }) => id);
  return lost.length === 0 ? reason : `${reason}; ${withdrawnText(lost)}`;
}

function emptied({ items, index }: Merged, current: VersionDescriptor): string | undefined {
  if (items.length > 0) return undefined;
  const before = current.items.filter(({ state }) => state !== 'abandoned' && state !== 'void').length;
  if (before === 0) return undefined;
  return `the index says that the day is empty (${index.sign ?? 'without a sign'}), instead of ${before} items`;
}

function rowsLost({ source }: PartitionJob, rows: number, current: VersionDescriptor): string | undefined {
  const { maxShrink } = source.expect;
  const before = current.rows;
  const least = (1 - maxShrink) * before;
  if (rows >= least) return undefined;
  return `${rows} rows instead of ${before}: fewer than the ${Math.ceil(least)} that expect.maxShrink ${maxShrink} allows`;
}

function itemsLost(
  { source }: PartitionJob,
  { withdrawn }: Merged,
  current: VersionDescriptor,
): string | undefined {
  const { maxShrink } = source.expect;
  const before = current.items.filter(({ rows }) => rows > 0).length;
  // Divided, 3 of 10 are 0.3 to the last bit: a share of exactly `maxShrink` is lost as well.
  if (withdrawn.length === 0 || withdrawn.length / before < maxShrink) return undefined;
  return `${before - withdrawn.length} items with rows instead of ${before}: a loss that expect.maxShrink ${maxShrink} does not allow`;
}

/** An item alone is too small to show in the rows of its partition. */
function itemShrunk(
  { source }: PartitionJob,
  { items }: Merged,
  current: VersionDescriptor,
): string | undefined {
  const { maxShrink } = source.expect;
  const before = new Map(current.items.map(({ id, rows }) => [id, rows]));
  const shrunk = items.flatMap(({ item: { id, rows, state } }) => {
    const had = before.get(id) ?? 0;
    const isRead = state === 'found' || state === 'empty';
    return isRead && had > 0 && (had - rows) / had > maxShrink
      ? [`item ${id} has ${rows} rows instead of ${had}`]
      : [];
  });
  if (shrunk.length === 0) return undefined;
  const named = listedNames(shrunk);
  return `${named}: fewer than expect.maxShrink ${maxShrink} allows`;
}

/** A list that got shorter, and is shorter now than the other dates make probable. */
async function improbable(
  { platform, source, partition }: PartitionJob,
  { items }: Merged,
  current: VersionDescriptor,
): Promise<string | undefined> {
  if (items.length >= current.items.length) return undefined;
  const { value, date } = partition;
  const history: DayCount[] = [];
  const store = new PartitionStore(platform.state);
  for await (const lastRefresh of store.range(source.table.name, value, ALL_DATES.start, ALL_DATES.end)) {
    const count = itemsOf(lastRefresh);
    if (count !== undefined && lastRefresh.date !== date)
      history.push({ date: lastRefresh.date, items: count, rows: lastRefresh.rows });
  }
  if (history.length < HISTORY_DATES) return undefined;
  const now: DayCount = { date, items: items.length, rows: 0 };
  const [found] = findSuspicious([...history, now], { start: date, end: date }, source.expect.minItems);
  return found && `${found.reason}, instead of ${current.items.length}`;
}
