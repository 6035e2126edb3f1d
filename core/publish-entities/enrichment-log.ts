import * as z from 'zod';
import { addDays, civilDateSchema } from '../calendar/civil-date.ts';
import { dayOfRun } from '../calendar/run-id.ts';
import { type EnrichmentCounts, readCounts } from '../enrich/enrichment-stats.ts';
import { runLogKey } from '../lake/layout.ts';
import { type EnrichmentLogRow, enrichmentSchema } from '../lake/log-tables.ts';
import { writeParquet } from '../lake/parquet.ts';
import type { Platform } from '../platform.ts';
import { columnsOf } from '../schema/columns.ts';

const PLACE = { partition: 'enrichment-log', sort: 'last' } as const;
const lastSchema = z.object({
  /** The last day that was written. */
  day: civilDateSchema,
  /** The sums that were written of it and of the day before, as JSON, by day and kind. */
  sums: z.record(z.string(), z.string()),
});

/** Clocks of workers may differ, and the last counts of a day come after its end: it is read once more. */
const DAYS_AGAIN = 1;

/**
 * Adds to the table `enrichments` a row for each day and kind whose sums are others than those that were
 * written last; none where nothing was counted since. `runId`: names the file. Repeating it adds rows that
 * say the same.
 */
export async function logEnrichment(
  { state, lake, clock }: Pick<Platform, 'state' | 'lake' | 'clock'>,
  runId: string,
): Promise<number> {
  const last = lastSchema.safeParse((await state.get(PLACE.partition, PLACE.sort))?.value).data;
  const counted = await readCounts(state, last ? { from: addDays(last.day, -DAYS_AGAIN) } : {});
  const recorded_at = new Date(clock.now()).toISOString();
  const rows: EnrichmentLogRow[] = [];
  const sums: Record<string, string> = {};
  for (const { day, kind, counts } of counted) {
    const name = `${day}#${kind}`;
    sums[name] = textOf(counts);
    if (last?.sums[name] !== sums[name]) rows.push({ day, kind, ...counts, recorded_at });
  }
  if (rows.length === 0) return 0;
  const newest = counted.at(-1)!.day;
  const kept = Object.entries(sums).filter(([name]) => name >= addDays(newest, -DAYS_AGAIN));
  await lake.put(
    runLogKey('enrichments', dayOfRun(runId), runId),
    writeParquet(columnsOf(enrichmentSchema()), rows),
  );
  await state.write([{ kind: 'put', ...PLACE, value: { day: newest, sums: Object.fromEntries(kept) } }]);
  return rows.length;
}

/** The same text for the same counts. */
function textOf(counts: EnrichmentCounts): string {
  return JSON.stringify(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
