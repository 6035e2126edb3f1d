import type { Command } from 'commander';
import { kindStats } from '../core/enrich/engine.ts';
import { addCounts, type EnrichmentCounts, NO_COUNTS, readCounts } from '../core/enrich/enrichment-stats.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { datesOf } from './filter.ts';
import { printObject } from './json.ts';
import { type ListOptions, number, printList, refuseTwoFormats, withCsv } from './list.ts';

interface StatsOptions extends ListOptions {
  readonly start?: string;
  readonly end?: string;
}

export function enrichStatsCommand(): Command {
  return withCsv(newCommand('stats'))
    .description('what all workers have taken in, enriched and stored, by kind')
    .option('--start <date>', 'first day that is counted, YYYY-MM-DD in UTC')
    .option('--end <date>', 'last day that is counted, YYYY-MM-DD in UTC')
    .addHelpText(
      'after',
      examples('enrich stats', 'enrich stats --json', 'enrich stats --start 2026-11-20 --end 2026-11-26'),
    )
    .action(printStats);
}

async function printStats({ start, end, ...options }: StatsOptions, command: Command): Promise<void> {
  const { start: from, end: to } = datesOf({ start, end });
  await withPlatform(command, async ({ state, enrichers }, { json = false }) => {
    refuseTwoFormats({ json, ...options });
    const days = await readCounts(state, { from, to });
    const byKind = new Map(enrichers.map(({ kind }) => [kind, NO_COUNTS]));
    for (const { kind, counts } of days) byKind.set(kind, addCounts(byKind.get(kind) ?? NO_COUNTS, counts));
    if (json) printObject(statsOf(byKind));
    else printList(listOf(byKind), options);
  });
}

/** The statistics of the worker, of the engine and of what stores the records. */
function statsOf(byKind: ReadonlyMap<string, EnrichmentCounts>): object {
  const kinds = [...byKind];
  const all = kinds.reduce((sum, [, counts]) => addCounts(sum, counts), NO_COUNTS);
  return {
    worker: {
      processed: all.processed,
      enriched: all.enriched,
      persisted: storedOf(all),
      failed: all.failed + all.persist_failed,
      batches: all.batches,
    },
    engine: {
      total_enriched: all.enriched,
      total_failed: all.failed,
      by_type: Object.fromEntries(
        kinds.map(([kind, { enriched, failed }]) => [kind, kindStats({ success: enriched, failed })]),
      ),
    },
    persister: {
      total_persisted: storedOf(all),
      total_failed: all.persist_failed,
      by_type: Object.fromEntries(kinds.map(([kind, counts]) => [kind, persisterStats(counts)])),
    },
  };
}

function persisterStats({ inserted, updated, persist_failed: failed, ...more }: EnrichmentCounts): object {
  const { unchanged, older, parked, dead } = more;
  return { inserted, updated, failed, unchanged, older, parked, dead };
}

/** Records that are stored: also those of which the same, or a newer one, is there. */
function storedOf({ inserted, updated, unchanged, older }: EnrichmentCounts): number {
  return inserted + updated + unchanged + older;
}

const COLUMNS = [
  ...['processed', 'enriched', 'failed', 'inserted', 'updated', 'unchanged', 'older'],
  ...['persist_failed', 'parked', 'dead', 'batches'],
];

function listOf(byKind: ReadonlyMap<string, EnrichmentCounts>) {
  return {
    columns: [
      { name: 'kind' },
      ...COLUMNS.map((name) => ({ name, title: name.replace('_', ' '), ...number })),
    ],
    rows: [...byKind].map(([kind, counts]) => ({ kind, ...counts })),
    none: 'there are no kinds of records',
  };
}
