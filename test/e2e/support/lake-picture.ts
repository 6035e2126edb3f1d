import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { Platform } from '../../../core/platform.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { currentRows, filesUnder, logRows, type ReadRow } from './lake-reading.ts';

/** What differs between two runs of the same work: ids, times, and what is made of them. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set([
  ...['_run_id', '_scraped_at', '_committed_at', '_capture'],
  ...[
    'attempt_id',
    'run_id',
    'attempted_at',
    'timing_ms',
    'waited_ms',
    'capture',
    'version',
    'previous_version',
    'recorded_at',
  ],
  ...['started_at', 'finished_at', 'window_start', 'window_end'],
  ...['lastAttemptAt', 'lastLookAt', 'lastSuccessAt', 'lastFailureAt', 'runId', 'at', 'freshAt', 'since'],
  ...['last_retry_at', 'backoff_delay_ms', 'registeredAt'],
  ...['lastCrawlAt', 'lastNotFoundAt', 'releasedAt', 'nextCrawlAt', 'failedAt', 'unflaggedAt'],
  ...['firstRunId', 'lastRunId', 'openedAt', 'lastFailedAt', 'closedAt', 'closedBy', 'seenAt'],
]);

/** What a picture is of: a source, its table, and the values that its partitions have. */
export interface Motif {
  readonly source: string;
  readonly table: string;
  readonly values: readonly string[];
}

const RACING: Motif = { source: 'racing', table: 'racing_results', values: ['gb', 'ire', 'fr'] };

/**
 * All that a lake and its state say, without what is of the moment; two pictures of the same work are equal.
 */
export async function pictureOf(
  platform: Pick<Platform, 'state'> & { readonly directory: string },
  runId: string,
  motif: Motif = RACING,
) {
  const { directory, state } = platform;
  const ofRun = (rows: readonly ReadRow[]) => rows.filter((row) => row.run_id === runId);
  const attempts = ofRun(await logRows(directory, 'attempts'))
    .filter((row) => row.item_id !== 'robots.txt')
    .map((row) => ({ ...withoutAsker(row), details: undated(row.details) }));
  const [run] = ofRun(await logRows(directory, 'runs'));
  // Every process asks for robots.txt again, so these two count more after a restart.
  const { attempts: _, wire_bytes: __, ...counts } = run ?? {};
  const partitions = [...(await currentRows(directory, motif.table))].map(([name, rows]) => [
    name,
    sorted(rows),
  ]);
  return {
    partitions: Object.fromEntries(partitions) as Record<string, object[]>,
    attempts: sorted(attempts),
    commits: sorted(ofRun(await logRows(directory, 'commits'))),
    run: lasting(counts),
    exports: exportsIn(directory),
    failures: sorted(
      (await Array.fromAsync(new FailureStore(state).list(motif.source))).map(
        ({ retry, outcomes, transitions, ...failure }) => ({
          ...failure,
          outcomes: outcomes.map(({ code }) => code),
          transitions: transitions.map(({ state }) => state),
          retriedLater: retry !== undefined,
          retries: retry?.tries ?? 0,
        }),
      ),
    ),
    // Partitions run side by side: which of their failures came last, and whether a page came after it, is
    // chance.
    targets: sorted(
      (await Array.fromAsync(new TargetStore(state).list(motif.source))).map(
        ({ skip, lastCrawl, lastErrorCode: _, consecutiveNotFound: __, ...record }) => ({
          ...record,
          skip: skip?.reason ?? null,
          lastCrawl: lastCrawl && { date: lastCrawl.date, code: lastCrawl.code },
        }),
      ),
    ),
    partitionRecords: sorted(await partitionRecords(state, motif)),
  };
}

/** Which of the partitions that have one index asked for it, and which had the answer with it, is chance. */
function withoutAsker(row: ReadRow): ReadRow {
  if (row.item_id !== 'index') return row;
  const { wire_bytes: _, user_agent: __, ...others } = row;
  return others;
}

/** Details of an attempt without the site's own clock, and without who asked. */
function undated(details: unknown): unknown {
  if (typeof details !== 'string') return details;
  const { headers: { date: _, ...headers } = {}, shared: __, ...others } = JSON.parse(details);
  return { ...others, headers };
}

/** Times and ids left out, deep inside as well. */
function lasting(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !OF_THE_MOMENT.has(name)));
}

function sorted(rows: readonly object[]): object[] {
  return rows
    .map(lasting)
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ row }) => row);
}

async function partitionRecords(state: Platform['state'], { table, values }: Motif): Promise<object[]> {
  const store = new PartitionStore(state);
  const all: object[] = [];
  for (const target of values) {
    for await (const { held, ...record } of store.range(
      table,
      target,
      civilDate('2000-01-01'),
      civilDate('2100-01-01'),
    )) {
      all.push({ ...record, held: held !== null });
    }
  }
  return all;
}

/** Names of the CSV exports and their lines, the columns of the lineage cut off: they come last. */
function exportsIn(directory: string): Record<string, string[]> {
  const files = [...filesUnder(join(directory, 'lake', 'exports'))].sort();
  return Object.fromEntries(
    files.map((file) => {
      const lines = readFileSync(file, 'utf8').split('\r\n');
      return [
        `${basename(join(file, '..'))}/${basename(file)}`,
        lines.map((line) => line.split(',').slice(0, -5).join(',')),
      ];
    }),
  );
}
