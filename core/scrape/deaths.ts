import pLimit from 'p-limit';
import type { PartitionJob, StartedPage } from '../job.ts';
import { partitionWorkPrefix } from '../lake/layout.ts';
import { parseStored } from '../lake/stored-json.ts';
import { DeathStore } from '../state/death-store.ts';
import { recordFatal } from './fatal-page.ts';

/** Written once and soon deleted. */
const SOON_GONE = { packed: true } as const;
const PRESENT = new Uint8Array(0);
/**
 * One page at a time over all partitions of this process: the one that is marked when it dies is the one it
 * died of.
 */
const oneAtATime = pLimit(1);

/**
 * Runs what asks for pages of a partition, and notices where a process before this one died over it. That
 * costs two small writes for the partition and none for a page: an object says that the work is under way.
 * Who finds it there takes the partition up with care: each page is marked before it is read, until its
 * attempt is on record. A mark whose attempt is missing is a page that was being read when the second process
 * died; it is put on record as TOO_LARGE and left out, also by later runs (`DeathStore`).
 */
export async function watchingDeaths<Result>(
  context: PartitionJob,
  run: (context: PartitionJob) => Promise<Result>,
): Promise<Result> {
  const { platform, source, partition } = context;
  const { lake } = platform;
  const started = `${underWay(context)}-started`;
  const deaths = new DeathStore(platform.state, source, partition);
  await recordDeaths(context);
  const fatal = await deaths.fatal();
  const careful = fatal && { fatal, readAlone: marking(context, deaths, fatal) };
  await lake.put(started, PRESENT, SOON_GONE);
  try {
    const result = await run({ ...context, ...careful });
    if (careful) await deaths.survived();
    return result;
  } finally {
    // Also after an error: this process lives.
    await lake.delete(started);
  }
}

/** What a process that died has left of this run and partition; nothing where none did. */
export async function recordDeaths(context: PartitionJob): Promise<void> {
  const { platform, source, partition } = context;
  const { lake } = platform;
  const keys: string[] = [];
  const prefix = underWay(context);
  for await (const { key } of lake.list(prefix)) keys.push(key);
  if (keys.length === 0) return;
  const killers: string[] = [];
  for (const key of keys) {
    const mark = await lake.get(key);
    // That of the partition says nothing.
    if (!mark || mark.body.length === 0) continue;
    const page = parseStored<StartedPage>(key, mark.body);
    if (await recordFatal(context, page)) killers.push(page.item.id);
  }
  await new DeathStore(platform.state, source, partition).add(killers);
  for (const key of keys) await lake.delete(key);
}

/** What its names begin with; versions before had a `/` after it, and what they left is found as well. */
function underWay({ runId, source, partition }: PartitionJob): string {
  return `${partitionWorkPrefix(runId, source.name, partition)}under-way`;
}

function marking(
  context: PartitionJob,
  deaths: DeathStore,
  fatal: ReadonlySet<string>,
): NonNullable<PartitionJob['readAlone']> {
  const { lake } = context.platform;
  return (page, read) =>
    oneAtATime(async () => {
      const key = `${underWay(context)}-${page.kind}-${page.item.id}.${page.page}.${page.number}`;
      await lake.put(key, new TextEncoder().encode(JSON.stringify(page)), SOON_GONE);
      const checkpoint = await read();
      await lake.delete(key);
      if (fatal.has(page.item.id)) await deaths.remove(page.item.id);
      return checkpoint;
    });
}
