/**
 * The process behind `playDrain`: works the queue until nothing is due, and kills itself before the write
 * that it was told.
 */
import { drain } from '../../../core/retry/drain.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import type { DrainTask } from './drain-process.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { die, say, taskGiven } from './played-process.ts';
import { watchedPlatform, watchedQueue } from './watched-stores.ts';

const task = taskGiven<DrainTask>();
const writes: string[] = [];
const answers: string[] = [];

function onWrite({ name }: { readonly name: string }): void | Promise<void> {
  writes.push(name);
  if (task.killAt !== undefined && writes.length >= task.killAt) return die();
}

const { directory, env, aheadMs } = task;
const opened = openLocalPlatform({ directory, env, clock: new ImpatientClock(aheadMs) });
const failedItems = watchedQueue(opened.failedItems, onWrite);
const platform = { ...watchedPlatform(opened, onWrite), failedItems };
await drain(platform, { mustStop: () => false, onHandled: (_, { kind }) => answers.push(kind) });
const depth = await opened.failedItems.depth();
await opened.close();
say({ writes, answers, depth });
