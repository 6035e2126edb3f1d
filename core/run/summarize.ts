import { civilDate } from '../calendar/civil-date.ts';
import { dayOfRun, timeOfId } from '../calendar/run-id.ts';
import { civilDateAt } from '../calendar/window.ts';
import { completeness } from '../completeness/completeness.ts';
import { coveredValues } from '../completeness/run-windows.ts';
import type { Failure } from '../failures/failure.ts';
import { FailureStore } from '../failures/failure-store.ts';
import type { DateStatus } from '../lake/date-statuses.ts';
import { indexEarlierLogs } from '../lake/earlier-logs.ts';
import { withoutResult } from '../lake/item-counts.ts';
import { partitionName, planKey, runLogKey } from '../lake/layout.ts';
import { type RunRow, runSchema } from '../lake/log-tables.ts';
import { unlessCorrupt } from '../lake/manifest.ts';
import { writeParquet } from '../lake/parquet.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { type PartitionWork, type Platform, sourceNamed } from '../platform.ts';
import { catalogPartition } from '../publish/catalog-partition.ts';
import { checkEngines } from '../publish/check-engines.ts';
import { publishedOfRun, readPublished } from '../publish/published.ts';
import { type FailedItems, failedItemsOf } from '../report/failed-items.ts';
import { withdrawnFrom } from '../report/run-summary.ts';
import { columnsOf } from '../schema/columns.ts';
import { byValue } from '../source/partition.ts';
import type { Partition, Source } from '../source/source.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import { targetsOf } from '../targets/register.ts';
import { flagLookup } from '../targets/target-store.ts';
import type { PlanAnswer, SummarizeAnswer } from '../workflow/workflow.ts';
import { mergeLogs } from './merge-logs.ts';
import { skippedTargets } from './planned-targets.ts';
import { type RunSummary, summaryKey } from './stored-summary.ts';
import { recordTargets } from './target-table.ts';
import { readWorkList } from './work-list.ts';

/** Adds up a run from what publish answered, and puts it on record. Repeating it gives the same. */
export async function summarize(platform: Platform, input: PlanAnswer): Promise<SummarizeAnswer> {
  const source = sourceNamed(platform, input.source);
  const { runId } = input;
  const published = await publishedOfRun({ platform, source, runId });
  const partitions: RunSummary['partitions'][number][] = [];
  for await (const work of readWorkList(platform, input.workList.key)) {
    const partition = partitionOf(work);
    const name = partitionName(source.name, partition);
    const result =
      published.get(name) ?? (await readPublished({ platform, source, runId, partition })) ?? 'broken';
    partitions.push({ partition, name, result });
  }
  const touched = partitions.map(({ partition }) => partition);
  const statuses = await statusesOf(platform, source, input, touched);
  const judged = partitions.map((one) => ({ ...one, ...statuses.get(one.name) }));
  await mergeLogs(platform, source, runId, touched);
  await mergeLogsOfDeadRuns(platform, source, runId);
  for (const table of ['attempts', 'commits'] as const) await indexEarlierLogs(platform.lake, table);
  const skipped = await skippedTargets(platform, source, input);
  const targets = await recordTargets(platform, source, input);
  const summary: RunSummary = {
    run: runRow(input, partitions, skipped.length, await placeOf(platform, source, input)),
    partitions: judged,
    skipped,
    failures: await failuresOf(platform, source.name, partitions),
    ...(targets && { targets }),
  };
  await platform.lake.put(
    runLogKey('runs', dayOfRun(runId), runId),
    writeParquet(columnsOf(runSchema()), [summary.run]),
  );
  await platform.lake.put(summaryKey(runId), new TextEncoder().encode(JSON.stringify(summary)));
  const readable = partitions.filter(({ result }) => result !== 'broken' && result.version !== null);
  const expected = readable.map(({ partition }) => catalogPartition({ platform, source, partition }));
  await checkEngines(platform, [source], expected);
  const { status } = summary.run;
  const isBroken = partitions.length > 0 && partitions.every(({ result }) => result === 'broken');
  return { status, ...(isBroken && { everyPartitionBroke: true as const }) };
}

function partitionOf({ value, date }: PartitionWork): Partition {
  return { value, date: civilDate(date) };
}

/** Runs before this one that are looked at: those whose work lists have not expired, at a run a day. */
const RUNS_BEFORE = 14;

/**
 * A run whose workflow died never got here. What it did is in no table that SQL reads, until a later run puts
 * it there.
 */
async function mergeLogsOfDeadRuns(platform: Platform, source: Source, runId: string): Promise<void> {
  let looked = 0;
  for await (const { input, status } of new RunStore(platform.state).list(source.name)) {
    if (looked++ > RUNS_BEFORE) return;
    const key = planKey(input.runId);
    if (status !== 'running' || input.runId === runId || !(await platform.lake.head(key))) continue;
    const work = await Array.fromAsync(readWorkList(platform, key)).catch((error: unknown) => {
      unlessCorrupt(error);
      platform.emit({ kind: 'warning', message: `of run ${input.runId} nothing can be added: ${error}` });
    });
    if (work) await mergeLogs(platform, source, input.runId, work.map(partitionOf));
  }
}

/**
 * What is unresolved where something failed. Of partitions that are whole no failures are read: a backfill
 * has hundreds, and DynamoDB answers for one at a time.
 */
async function failuresOf(
  { state, clock }: Platform,
  source: string,
  partitions: RunSummary['partitions'],
): Promise<FailedItems> {
  const store = new FailureStore(state);
  const failures: Failure[] = [];
  for (const { partition, result } of partitions) {
    if (result !== 'broken' && result.status !== 'failed' && result.stats.failed === 0) continue;
    failures.push(...(await Array.fromAsync(store.list(source, partition))));
  }
  const flagged = new Set<string>();
  const flagOf = flagLookup(state, clock.now());
  for (const failure of failures) if ((await flagOf(failure)) !== null) flagged.add(failure.target);
  return failedItemsOf(failures, (target) => flagged.has(target));
}

/** What completeness says of these partitions, by name, as if the run had ended. */
async function statusesOf(
  { state, lake, clock, sources }: Platform,
  source: Source,
  { runId, start, end }: RunInput,
  partitions: readonly Partition[],
): Promise<ReadonlyMap<string, { readonly status: DateStatus }>> {
  const now = clock.now();
  const today = civilDateAt(now, source.timeZone);
  const report = await completeness(state, source, {
    ...{ start: civilDate(start), end: civilDate(end), today, now, lake, sources, ended: runId },
    targets: [...new Set(partitions.map(({ value }) => value))],
  });
  const named = report.targets.flatMap(({ target: value, dates }) =>
    dates.map(({ date, status }) => [partitionName(source.name, { value, date }), { status }] as const),
  );
  return new Map(named);
}

/** Where a run stands among those of its source, and what of it runs after this need not do. */
async function placeOf({ state, clock }: Platform, source: Source, input: RunInput) {
  const run = await new RunStore(state).get(source.name, input.runId);
  // Of targets that are crawled one by one no run refreshes all of a partition.
  const isPart = source.cadence.kind === 'daily' && (input.targets ?? input.where) !== undefined;
  const values = isPart && coveredValues(input, byValue(source, await targetsOf(state, source)));
  return {
    sequence: run?.sequence ?? null,
    partition_values: values ? JSON.stringify(values) : null,
    finished_at: new Date(clock.now()).toISOString(),
  };
}

function runRow(
  input: RunInput,
  partitions: RunSummary['partitions'],
  skippedTargets: number,
  place: Pick<RunRow, 'sequence' | 'partition_values' | 'finished_at'>,
): RunRow {
  const results = partitions.flatMap(({ result }) => (result === 'broken' ? [] : [result]));
  const sum = (of: (result: PublishResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const count = (status: PublishResult['status']) =>
    results.filter((result) => result.status === status).length;
  const failed = count('failed') + partitions.length - results.length;
  const itemsFailed = sum(({ stats }) => stats.failed);
  const withdrawn = sum((result) => withdrawnFrom(result).length);
  const repeated = sum(({ repeated }) => repeated.length);
  const whole = failed + count('held') + itemsFailed + skippedTargets + withdrawn + repeated === 0;
  const fresh = count('committed') + count('unchanged');
  return {
    run_id: input.runId,
    source: input.source,
    status: whole ? 'succeeded' : fresh > 0 ? 'incomplete' : 'failed',
    window_start: input.start,
    window_end: input.end,
    forced: input.force,
    started_at: new Date(timeOfId(input.runId)).toISOString(),
    ...place,
    partitions: partitions.length,
    committed: count('committed'),
    unchanged: count('unchanged'),
    held: count('held'),
    failed,
    items_expected: sum(({ stats }) => stats.expected),
    items_found: sum(({ stats }) => stats.found),
    items_carried: sum(({ stats }) => stats.carried),
    items_failed: itemsFailed,
    items_pending: sum(({ stats }) => stats.pending),
    items_without_result: sum(({ stats }) => withoutResult(stats)),
    items_withdrawn: withdrawn,
    attempts: sum(({ attempts }) => attempts),
    wire_bytes: sum(({ wireBytes }) => wireBytes),
  };
}
