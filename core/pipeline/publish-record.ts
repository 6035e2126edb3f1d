import { PartitionRegister } from '../audit/partition-register.ts';
import { logKey } from '../lake/layout.ts';
import { COMMIT_SCHEMA, type CommitRow } from '../lake/log-tables.ts';
import { writeParquet } from '../lake/parquet.ts';
import { columnsOf } from '../lake/schema.ts';
import type { ItemContent, ScrapeResult } from '../lake/scrape-result.ts';
import { FailureRegister } from '../work/failure.ts';
import type { AttemptContext } from './attempt.ts';
import type { PublishResult } from './publish.ts';
import { dayOfRun } from './run-id.ts';

const GOOD: ReadonlySet<string> = new Set<ItemContent['kind']>(['records', 'empty', 'unchanged']);
const COMMIT_COLUMNS = columnsOf(COMMIT_SCHEMA);

/** Puts a publish on record: the commits table, the partition's standing, recovered failures. Repeating it changes nothing. */
export async function recordPublish(
  context: AttemptContext,
  result: ScrapeResult,
  answer: PublishResult,
): Promise<void> {
  const { platform, source, runId, partition } = context;
  const at = platform.clock.now();
  const row: CommitRow = {
    run_id: runId,
    source: source.name,
    table_name: source.table.name,
    target: partition.target,
    partition_date: partition.date,
    status: answer.status,
    version: answer.version,
    previous_version: answer.previous,
    items_expected: answer.stats.indexRead ? answer.stats.expected : null,
    items_found: answer.stats.found,
    items_unchanged: answer.stats.unchanged,
    items_empty: answer.stats.empty,
    items_carried: answer.stats.carried,
    items_failed: answer.stats.failed,
    rows: answer.rows,
    rows_before: answer.rowsBefore,
    content_hash: answer.contentHash,
    changed: answer.status === 'committed',
    reason: answer.reason,
    actor: result.origin === 'site' ? 'run' : 'reparse',
    recorded_at: new Date(at).toISOString(),
  };
  const key = logKey('commits', dayOfRun(runId), source.name, partition, runId);
  await platform.lake.put(key, writeParquet(COMMIT_COLUMNS, [row]));

  await new PartitionRegister(platform.state).record(source.table.name, partition, {
    status: answer.status,
    version: answer.version,
    runId,
    at,
    expected: row.items_expected,
    found: answer.stats.found,
    empty: answer.stats.empty,
    carried: answer.stats.carried,
    failed: answer.stats.failed,
    rows: answer.rows,
    held: answer.held,
    reason: answer.reason,
    fresh: result.origin === 'site' && (answer.status === 'committed' || answer.status === 'unchanged'),
  });

  if (answer.status === 'held') return;
  const good = new Set(
    result.items.filter(({ content }) => GOOD.has(content.kind)).map(({ item }) => item.id),
  );
  if (result.index.kind === 'listed') good.add('index');
  await new FailureRegister(platform.state).recover(source.name, partition, (item) => good.has(item), {
    runId,
    at,
  });
}
