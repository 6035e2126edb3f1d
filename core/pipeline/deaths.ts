import pLimit from 'p-limit';
import { partitionWorkPrefix } from '../lake/layout.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { type AttemptContext, recordFatal, type StartedPage } from './attempt.ts';

const STARTED = 'started';
const PRESENT = new Uint8Array(0);
/** One page at a time over all partitions of this process: the one that is marked when it dies is the one it died of. */
const oneAtATime = pLimit(1);

/**
 * Runs what asks for pages of a partition, and notices where a process before this one died over it. That costs two small
 * writes for the partition and none for a page: an object says that the work is under way. Who finds it there takes the
 * partition up with care: each page is marked before it is read, until its attempt is on record. A mark whose attempt is
 * missing is a page that was being read when the second process died; it is put on record as TOO_LARGE and left out.
 */
export async function watchingDeaths<Result>(
  context: AttemptContext,
  run: (context: AttemptContext) => Promise<Result>,
): Promise<Result> {
  const { platform, runId, source, partition } = context;
  const { lake } = platform;
  const prefix = `${partitionWorkPrefix(runId, source.name, partition)}under-way/`;
  const found: string[] = [];
  for await (const { key } of lake.list(prefix)) found.push(key);
  for (const key of found) if (key !== prefix + STARTED) await recordMarked(context, key);
  if (found.length === 0) await lake.put(prefix + STARTED, PRESENT);
  const careful = found.length === 0 ? {} : { readAlone: marking(lake, prefix) };
  try {
    return await run({ ...context, ...careful });
  } finally {
    // Also after an error: this process lives.
    await lake.delete(prefix + STARTED);
  }
}

async function recordMarked(context: AttemptContext, key: string): Promise<void> {
  const { lake } = context.platform;
  const mark = await lake.get(key);
  if (!mark) return;
  await recordFatal(context, JSON.parse(new TextDecoder().decode(mark.body)) as StartedPage);
  await lake.delete(key);
}

function marking(lake: ObjectStore, prefix: string): NonNullable<AttemptContext['readAlone']> {
  return (page, read) =>
    oneAtATime(async () => {
      const key = `${prefix}${page.kind}-${page.item.id}.${page.number}`;
      await lake.put(key, new TextEncoder().encode(JSON.stringify(page)));
      const checkpoint = await read();
      await lake.delete(key);
      return checkpoint;
    });
}
