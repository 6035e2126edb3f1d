import * as z from 'zod';
import { addDays, type CivilDate, civilDate } from '../calendar/civil-date.ts';
import { isScheduledRun } from '../calendar/run-id.ts';
import { civilDateAt } from '../calendar/window.ts';
import { targetOfRow } from '../completeness/target-days.ts';
import { TargetsTally } from '../completeness/targets-of-day.ts';
import { targetTableKey } from '../lake/layout.ts';
import { ParquetFile, parquetGroups } from '../lake/parquet.ts';
import { targetTableColumns, targetTableSchema } from '../lake/target-table.ts';
import type { Platform } from '../platform.ts';
import { cellsOf, type Row } from '../schema/columns.ts';
import type { Source } from '../source/source.ts';
import type { RunInput } from '../state/run-store.ts';
import { targetRecords } from '../targets/register.ts';
import type { TargetRecord } from '../targets/target.ts';
import { type Day, dayOf, type TargetsOfValue } from '../targets/target-day.ts';
import { targetRow } from '../targets/target-row.ts';

/** Rows that are in memory as such. */
const GROUP_ROWS = 2_000;
/** Between two files of a day that scheduled runs write; milliseconds. */
const OFTEN_ENOUGH_MS = 3_600_000;
/** When the table was written last, by source. */
const WRITTEN = 'target-tables';

const writtenSchema = z.object({
  date: z.string(),
  /** Milliseconds. */
  at: z.number(),
  runId: z.string(),
});

type Stores = Pick<Platform, 'state' | 'lake' | 'clock'>;

/**
 * Writes the day of the table `targets`: for a scheduled run once an hour at most, for one that a person
 * started always. The first run of a day completes the day before; one that ends after midnight adds what it
 * found to the date that it was for. Answers how the targets stood on that date, by partition value, where it
 * was written and each target has its own time.
 */
export async function recordTargets(
  platform: Stores,
  source: Source,
  { runId, end }: Pick<RunInput, 'runId' | 'end'>,
): Promise<readonly TargetsOfValue[] | undefined> {
  const { state, clock } = platform;
  const now = clock.now();
  const today = civilDateAt(now, source.timeZone);
  // What nobody can read is written anew.
  const last = writtenSchema.safeParse((await state.get(WRITTEN, source.name))?.value).data;
  const isNewDay = last !== undefined && last.date !== today;
  const isLate = source.cadence.kind === 'every' && end < today;
  const isRecent = last?.date === today && last.at <= now && now - last.at < OFTEN_ENOUGH_MS;
  const isOwn = last?.runId === runId;
  if (isRecent && !isOwn && !isLate && isScheduledRun(source.name, runId)) return undefined;
  const days = new Set([
    ...(isLate ? [civilDate(end)] : []),
    ...(isNewDay ? [addDays(today, -1)] : []),
    today,
  ]);
  const tallies = new Map<string, TargetsTally>();
  for (const day of days)
    await writeDay(platform, source, day, (row) => {
      if (day === end && row.day_status !== null) tallied(tallies, row);
    });
  const value: z.infer<typeof writtenSchema> = { date: today, at: now, runId };
  await state.write([{ kind: 'put', partition: WRITTEN, sort: source.name, value }]);
  const byValue = [...tallies].map(([value, tally]) => ({ value, ...tally.counted(null) }));
  return source.cadence.kind === 'every' ? byValue : undefined;
}

function tallied(tallies: Map<string, TargetsTally>, row: Row): void {
  const stood = targetOfRow(row);
  const tally = tallies.get(stood.value) ?? new TargetsTally();
  tallies.set(stood.value, tally);
  tally.add(stood);
}

/** Replaces a day in one put. Of targets that have changed since it ended, the row that is there stays. */
async function writeDay(
  { state, lake, clock }: Stores,
  source: Source,
  date: CivilDate,
  onRow: (row: Row) => void,
): Promise<void> {
  const now = clock.now();
  const key = targetTableKey(source.name, date);
  const day = dayOf(date, source.timeZone);
  const isOver = now >= day.endsAt;
  const before = isOver ? (await lake.get(key))?.body : undefined;
  const rows = new RowsInOrder(before ? parquetGroups(before, targetTableColumns()) : none());
  const file = new ParquetFile(targetTableColumns(), GROUP_ROWS);
  for await (const record of targetRecords(state, source)) {
    const kept = await rows.find(record.target);
    const isKept = isOver && hasChangedSince(record, kept, day);
    const row = isKept && kept ? kept : cellsOf(targetTableSchema(), targetRow(source, record, day, now));
    file.add(row);
    onRow(row);
  }
  if (file.rows > 0) await lake.put(key, file.end());
}

/** True where the record no longer tells how the target was when the day ended. */
function hasChangedSince(record: TargetRecord, kept: Row | undefined, { date, endsAt }: Day): boolean {
  const { lastCrawl, lastCrawlAt, lastAttemptAt, skip, unflaggedAt, status } = record;
  if (lastCrawl?.date === date) return false;
  const times = [lastCrawlAt, lastAttemptAt, skip?.since, unflaggedAt];
  return (
    (lastCrawl !== null && lastCrawl.date > date) ||
    times.some((at) => at != null && at >= endsAt) ||
    // A person has paused or resumed it, and nobody noted when in the record.
    (kept !== undefined && kept.status !== status)
  );
}

async function* none(): AsyncGenerator<readonly Row[]> {}

/** Rows that are sorted by target, looked up in that order. */
class RowsInOrder {
  readonly #groups: AsyncGenerator<readonly Row[]>;
  #group: readonly Row[] = [];
  #next = 0;

  constructor(groups: AsyncGenerator<readonly Row[]>) {
    this.#groups = groups;
  }

  async find(target: string): Promise<Row | undefined> {
    for (;;) {
      const row = this.#group[this.#next];
      if (row === undefined) {
        const { done, value } = await this.#groups.next();
        if (done) return undefined;
        [this.#group, this.#next] = [value, 0];
      } else if (String(row.target) < target) this.#next++;
      else return row.target === target ? row : undefined;
    }
  }
}
