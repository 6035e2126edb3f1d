/** The process behind `startRun`: plays one run, and kills itself at the write that it was told, without warning. */
import { openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { ImpatientClock } from './impatient-clock.ts';
import type { RunTask } from './run-process.ts';
import { type PendingWrite, watchedLake, watchedState } from './watched-stores.ts';

const task = JSON.parse(process.argv[2]!) as RunTask;
const writes: string[] = [];
let durable = 0;

function onWrite(write: PendingWrite): void | Promise<void> {
  writes.push(write.name);
  if (write.durable) durable++;
  const { kill } = task;
  if (!kill) return;
  if (kill.phase === 'before') {
    if (writes.length === kill.at) process.kill(process.pid, 'SIGKILL');
  } else if (write.durable && durable === kill.at) {
    write.start();
    process.kill(process.pid, 'SIGKILL');
  }
  // The signal is on its way, and nothing more may happen until it is here.
  const killed = kill.phase === 'before' ? writes.length >= kill.at : write.durable && durable >= kill.at;
  if (killed) return new Promise(() => {});
}

const opened = openLocalPlatform({ directory: task.directory, env: task.env, clock: new ImpatientClock() });
const platform = {
  ...opened,
  lake: watchedLake(opened.lake, onWrite),
  state: watchedState(opened.state, onWrite),
};
const end = await runLocally(platform, { source: 'racing', force: false, ...task.request });
await opened.close();
console.log(JSON.stringify({ kind: end.kind, runId: end.runId, writes, durable }));
