import { type CivilDate, datesBetween } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import { dateOfTargetTable, targetTableKey, targetTablePrefix } from '../lake/layout.ts';
import { parquetGroups } from '../lake/parquet.ts';
import { targetTableColumns } from '../lake/target-table.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Row } from '../schema/columns.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Source } from '../source/source.ts';
import { targetRecords } from '../targets/register.ts';
import { nameOf, type TargetRecord } from '../targets/target.ts';
import { DAY_STATUSES, type Day, type DayStatus, dayOf, targetDay } from '../targets/target-day.ts';

/** How one target of a source `every` stood on one date. */
export interface TargetOfDay {
  readonly target: string;
  /** What people call it; null where nobody has said. */
  readonly name: string | null;
  /** Value of its partition. */
  readonly value: string;
  readonly date: CivilDate;
  readonly status: DayStatus;
  /** One line; null where there is nothing to say. */
  readonly reason: string | null;
  /** When its last crawl ended; milliseconds. */
  readonly endedAt: number | null;
  /** When its next crawl is due, as its record has it now; null where nothing says. Milliseconds. */
  readonly dueAt: number | null;
}

/**
 * Tells how each target stood on each date of the range, none of them after today: by its record for today,
 * by its row in the table of targets for a past date, and by its record where there is no row, or where the
 * record is still about that date. `onRecord` is told every record once.
 */
export async function visitTargetDays(
  stores: { readonly state: StateStore; readonly lake?: Pick<ObjectStore, 'get' | 'list'> },
  source: Source,
  { start, end, today, now }: DateRange & { readonly today: CivilDate; readonly now: number },
  visit: (stood: TargetOfDay) => void,
  onRecord: (record: TargetRecord) => void = () => {},
): Promise<void> {
  const dates = [...datesBetween(start, end)].filter((date) => date <= today);
  const days = dates.map((date) => dayOf(date, source.timeZone));
  const files = await datesInTable(
    stores.lake,
    source,
    dates.filter((date) => date < today),
  );
  /** Whose record is about that date: it is newer than the row. */
  const current = new Map([...files].map((date) => [date as string, new Map<string, TargetRecord>()]));
  for await (const record of targetRecords(stores.state, source)) {
    onRecord(record);
    if (record.lastCrawl) current.get(record.lastCrawl.date)?.set(record.target, record);
    for (const day of days) {
      if (!files.has(day.date)) visit(byRecord(source, record, day, now));
    }
  }
  for (const day of days) {
    const file = files.has(day.date) && (await stores.lake?.get(targetTableKey(source.name, day.date)));
    if (!file) continue;
    const newer = current.get(day.date)!;
    for await (const rows of parquetGroups(file.body, targetTableColumns()))
      for (const row of rows) {
        const record = newer.get(String(row.target));
        visit(record ? byRecord(source, record, day, now) : { ...targetOfRow(row), date: day.date });
      }
  }
}

/** Those of the dates of which the table has a day. */
async function datesInTable(
  lake: Pick<ObjectStore, 'list'> | undefined,
  { name }: Source,
  dates: readonly CivilDate[],
): Promise<ReadonlySet<CivilDate>> {
  const found = new Set<CivilDate>();
  if (!lake || dates.length === 0) return found;
  const asked = new Set(dates);
  for await (const { key } of lake.list(targetTablePrefix(name))) {
    const date = dateOfTargetTable(key);
    if (date && asked.has(date)) found.add(date);
  }
  return found;
}

function byRecord(source: Source, record: TargetRecord, day: Day, now: number): TargetOfDay {
  const { target, attributes } = record;
  return {
    target,
    name: nameOf(record),
    value: partitionValueOf(source, { id: target, ...(attributes && { attributes }) }),
    date: day.date,
    ...targetDay(source, record, day, now),
    endedAt: record.releasedAt,
    dueAt: record.nextCrawlAt,
  };
}

/** How the row of a target in the table of targets says that it stood. */
export function targetOfRow(row: Row): Omit<TargetOfDay, 'date'> {
  const text = (column: string) => (row[column] === null ? null : String(row[column]));
  const endedAt = text('last_crawl_ended_at');
  return {
    target: String(row.target),
    name: text('name'),
    value: String(row.partition_value),
    status: DAY_STATUSES.find((status) => status === row.day_status) ?? 'unknown',
    reason: text('day_reason'),
    endedAt: endedAt === null ? null : Date.parse(endedAt),
    dueAt: null,
  };
}
