/**
 * The process behind `playEnrichment`: works the enrichment queues until nothing is due, and kills itself
 * before the write that it was told.
 */
import { drainEnrichment } from '../../../core/enrich/drain.ts';
import type { WorkQueue } from '../../../core/ports/work-queue.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import type { EnrichTask } from './enrich-process.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { die, say, taskGiven } from './played-process.ts';
import { watchedPlatform, watchedQueue } from './watched-stores.ts';

const task = taskGiven<EnrichTask>();
let writes = 0;

function onWrite(): void | Promise<void> {
  if (++writes === task.killAt) return die();
}

const opened = openLocalPlatform({
  directory: task.directory,
  env: {},
  clock: new ImpatientClock(task.aheadMs),
});
const queues = new Map<string, WorkQueue>();
const platform = {
  ...watchedPlatform(opened, onWrite),
  enrichmentQueue: (kind: string): WorkQueue => {
    const queue = queues.get(kind) ?? watchedQueue(opened.enrichmentQueue(kind), onWrite);
    queues.set(kind, queue);
    return queue;
  },
};
let messages = 0;
await drainEnrichment(platform, {
  mustStop: () => false,
  onBatch: ({ size }) => {
    messages += size;
  },
});
await opened.close();
say({ writes, messages });
