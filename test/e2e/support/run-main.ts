/**
 * The process behind `playRun`: plays one run, and kills itself at the write that it was told, without
 * warning.
 */
import { openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { deadlySource } from './deadly-source.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { die, say, taskGiven } from './played-process.ts';
import type { RunTask } from './run-process.ts';
import { type PendingWrite, watchedPlatform } from './watched-stores.ts';

const task = taskGiven<RunTask>();
const writes: string[] = [];
let durable = 0;

function onWrite(write: PendingWrite): void | Promise<void> {
  writes.push(write.name);
  if (write.durable) durable++;
  const { kill } = task;
  if (kill?.phase === 'before' && writes.length >= kill.at) return die();
  if (kill?.phase === 'during' && write.durable && durable >= kill.at) {
    if (durable === kill.at) write.start();
    return die();
  }
}

const { directory, env, fatal } = task;
const sources = fatal && [deadlySource(fatal)];
const opened = openLocalPlatform({
  directory,
  env,
  clock: new ImpatientClock(),
  ...(sources && { sources }),
});
const platform = watchedPlatform(opened, onWrite);
const end = await runLocally(platform, { source: 'racing', force: false, ...task.request });
await opened.close();
say({ kind: end.kind, runId: end.runId, writes, durable });
