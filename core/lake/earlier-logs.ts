import pLimit from 'p-limit';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition } from '../source/source.ts';
import { earlierLogPrefix, earlierPartitionName, type PartitionLogTable } from './layout.ts';
import type { PartitionLog } from './log-tables.ts';
import { parseStored } from './stored-json.ts';

/** `date=2026-11-18/<run>-racing.gb.2026-11-17-0.parquet`: the run, and the partition as the name has it. */
const EARLIER_LOG =
  /\/date=[^/]+\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(.+\.\d{4}-\d{2}-\d{2})-\d+\.parquet$/;
const PUTS_AT_ONCE = 16;

const indexPrefix = (table: PartitionLogTable) => `${table}/_partitions/_earlier/`;
/** Written last: from then on a partition without an index of its own has no earlier files. */
const doneKey = (table: PartitionLogTable) => `${indexPrefix(table)}_done.json`;
const madeAnew = (table: PartitionLogTable) => `delete ${indexPrefix(table)}, and the next run makes it anew`;
const indexKey = (table: PartitionLogTable, name: string) => `${indexPrefix(table)}${name}.json`;

/**
 * The files of one partition that a version before laid among those of all others. They are found by the
 * index of `indexEarlierLogs`, and before there is one by their names, which takes a listing of them all.
 */
export async function earlierLogs(
  lake: Pick<ObjectStore, 'get' | 'head' | 'list'>,
  table: PartitionLogTable,
  source: string,
  partition: Partition,
): Promise<PartitionLog[]> {
  const name = earlierPartitionName(source, partition);
  const key = indexKey(table, name);
  const index = await lake.get(key);
  if (index) return parseStored<{ logs: PartitionLog[] }>(key, index.body, madeAnew(table)).logs;
  if (await lake.head(doneKey(table))) return [];
  return (await listEarlierLogs(lake, table)).get(name) ?? [];
}

/**
 * Notes once, for each partition, which files of versions before are its own. Nothing to do in a lake without
 * any.
 */
export async function indexEarlierLogs(
  lake: Pick<ObjectStore, 'head' | 'list' | 'put'>,
  table: PartitionLogTable,
): Promise<void> {
  if (await lake.head(doneKey(table))) return;
  const logs = await listEarlierLogs(lake, table);
  if (logs.size === 0) return;
  const put = (key: string, value: object) =>
    lake.put(key, new TextEncoder().encode(JSON.stringify(value)), { contentType: 'application/json' });
  await pLimit(PUTS_AT_ONCE).map([...logs], ([name, own]) => put(indexKey(table, name), { logs: own }));
  await put(doneKey(table), { partitions: logs.size });
}

async function listEarlierLogs(
  lake: Pick<ObjectStore, 'list'>,
  table: PartitionLogTable,
): Promise<Map<string, PartitionLog[]>> {
  const logs = new Map<string, PartitionLog[]>();
  for await (const { key } of lake.list(earlierLogPrefix(table))) {
    const [, runId, name] = EARLIER_LOG.exec(key) ?? [];
    if (runId === undefined || name === undefined) continue;
    const own = logs.get(name);
    if (own) own.push({ runId, key });
    else logs.set(name, [{ runId, key }]);
  }
  return logs;
}
