import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openSqliteStateStore } from '../adapters/local/sqlite-state-store.ts';
import { printTable } from '../cli/print.ts';
import { addDays, type CivilDate, civilDate, datesBetween, epochDay } from '../core/calendar/civil-date.ts';
import { completeness } from '../core/completeness/completeness.ts';
import { writeParquet } from '../core/lake/parquet.ts';
import { type Column, columnsOf } from '../core/schema/columns.ts';
import { PartitionStore } from '../core/state/partition-store.ts';
import { RunStore } from '../core/state/run-store.ts';
import { racing } from '../sources/racing/source.ts';
import { median, verdict } from './verdict.ts';

const START = civilDate('2015-11-01');
const END = civilDate('2025-10-31');
const ROUNDS = 5;
const MAX_MS = 1000;
const RUNNERS_PER_RACE = 10;

/**
 * Completeness over ten years of daily partitions of three countries, with the nightly runs that made them on
 * record. The peer is what one would do without the state store: DuckDB over the Parquet files themselves (2
 * threads), items and rows per day and the usual statistics in one statement. False where the target is
 * missed.
 */
export async function measureCompleteness(): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  const dates = [...datesBetween(START, END)];
  const state = openSqliteStateStore(join(root, 'state.sqlite'));
  try {
    console.log(`completeness: ${dates.length} dates of ${racing.targets.length} targets, ${ROUNDS} rounds`);
    const register = new PartitionStore(state);
    const runs = new RunStore(state);
    for (const [night, date] of dates.entries()) {
      await recordNight(runs, night, date);
      for (const { id: target } of racing.targets) await recordPartition(register, target, night, date);
    }
    const files = writeFiles(root, dates);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(
        await timed(async () => {
          const report = await completeness(state, racing, {
            start: START,
            end: END,
            today: addDays(END, 7),
          });
          check(report.verdict === 'complete', `the report says ${JSON.stringify(report.reasons)}`);
          check(report.targets[0]?.statistics?.days === dates.length, 'the report has not every day');
        }),
      );
      peer.push(
        await timed(async () => {
          const days = await countWithDuckDb(files);
          check(days === dates.length * racing.targets.length, `DuckDB counted ${days} partitions`);
        }),
      );
    }
    const [ms, peerMs] = [median(ours), median(peer)];
    const number = { alignment: 'right' as const };
    printTable(
      [{ name: 'contender' }, { name: 'ms', ...number }],
      [
        { contender: 'rescrape completeness', ms: ms.toFixed(0) },
        { contender: 'DuckDB over the files', ms: peerMs.toFixed(0) },
      ],
    );
    return verdict('completeness', [
      {
        claim: `ten years of three targets in under ${MAX_MS} ms`,
        holds: ms < MAX_MS,
        measured: `${ms.toFixed(0)} ms, ${(peerMs / ms).toFixed(1)} times as fast as the peer`,
      },
    ]);
  } finally {
    state.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Milliseconds at 01:30 of the night after a date. */
const nightAfter = (date: CivilDate) => (epochDay(date) + 1) * 86_400_000 + 5_400_000;
/** Sorts by time, as the ids of runs do. */
const runIdOf = (night: number) => `run-${String(night).padStart(6, '0')}`;
/** Eight to twelve races a day, the same on every machine. */
const racesOf = (night: number) => 8 + ((night * 7919) % 5);

async function recordNight(runs: RunStore, night: number, date: CivilDate): Promise<void> {
  const input = {
    runId: runIdOf(night),
    source: 'racing',
    start: addDays(date, -6),
    end: date,
    force: false,
  };
  await runs.begin(input, nightAfter(date));
  await runs.finish('racing', input.runId, { status: 'succeeded', at: nightAfter(date) + 60_000 });
}

/** As the last run that covered the date left it, six nights later. */
async function recordPartition(
  register: PartitionStore,
  target: string,
  night: number,
  date: CivilDate,
): Promise<void> {
  const races = racesOf(night);
  await register.record(
    racing.table.name,
    { value: target, date },
    {
      status: 'unchanged',
      order: 0,
      settledRun: 0,
      version: `version-${night}`,
      runId: runIdOf(night + 6),
      at: nightAfter(addDays(date, 6)) + 30_000,
      expected: races,
      found: races,
      empty: 0,
      carried: 0,
      failed: 0,
      rows: races * RUNNERS_PER_RACE,
      held: null,
      reason: null,
      fresh: true,
    },
  );
}

/** One file a partition, as a commit writes it; the ids of races are all that differs from day to day. */
function writeFiles(root: string, dates: readonly CivilDate[]): string {
  const columns = columnsOf(racing.table.schema);
  const bodies = new Map<number, Uint8Array>();
  for (const [night, date] of dates.entries()) {
    const races = racesOf(night);
    const body = bodies.get(races) ?? writeParquet(columns, rowsOf(columns, races));
    bodies.set(races, body);
    for (const { id: target } of racing.targets) {
      const folder = join(root, 'data', `country=${target}`, `date=${date}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'part-0.parquet'), body);
    }
  }
  return join(root, 'data', '*', '*', '*.parquet');
}

function rowsOf(columns: readonly Column[], races: number) {
  return Array.from({ length: races * RUNNERS_PER_RACE }, (_, at) =>
    Object.fromEntries(columns.map(({ name, type }) => [name, type === 'string' ? String(at % races) : at])),
  );
}

async function countWithDuckDb(files: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  try {
    const answer = await connection.runAndReadAll(
      `WITH days AS (
         SELECT country, date, count(DISTINCT race_id) AS items, count(*) AS n
         FROM read_parquet('${files.replaceAll("'", "''")}', hive_partitioning = true) GROUP BY ALL
       )
       SELECT country, count(*) AS days, avg(items), median(items), stddev_samp(items), min(items), max(items), sum(n)
       FROM days GROUP BY country`,
    );
    return answer.getRowObjects().reduce((sum, { days }) => sum + Number(days), 0);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function check(holds: boolean, problem: string): void {
  if (!holds) throw new Error(`completeness: ${problem}`);
}

if (import.meta.main && !(await measureCompleteness())) process.exitCode = 1;
