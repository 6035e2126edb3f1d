/** The process behind `playDrain`: works the queue until nothing is due, and kills itself before the write that it was told. */
import { drain } from '../../../core/pipeline/drain.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import type { DrainTask } from './drain-process.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { watchedLake, watchedQueue, watchedState } from './watched-stores.ts';

const task = JSON.parse(process.argv[2]!) as DrainTask;
const writes: string[] = [];
const answers: string[] = [];

function onWrite({ name }: { readonly name: string }): void | Promise<void> {
  writes.push(name);
  if (task.killAt === undefined || writes.length < task.killAt) return;
  if (writes.length === task.killAt) process.kill(process.pid, 'SIGKILL');
  // The signal is on its way, and nothing more may happen until it is here.
  return new Promise(() => {});
}

const { directory, env, aheadMs } = task;
const opened = openLocalPlatform({ directory, env, clock: new ImpatientClock(aheadMs) });
const platform = {
  ...opened,
  lake: watchedLake(opened.lake, onWrite),
  state: watchedState(opened.state, onWrite),
  failedItems: watchedQueue(opened.failedItems, onWrite),
};
await drain(platform, { mustStop: () => false, onHandled: (_, { kind }) => answers.push(kind) });
const depth = await opened.failedItems.depth();
await opened.close();
console.log(JSON.stringify({ writes, answers, depth }));
