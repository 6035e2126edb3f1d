/**
 * The process behind `startPublisher`: publishes edition after edition of a note into one partition, with the
 * real commit.
 */
import { publishResult } from '../../../core/publish/publish-over.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { type MadeUp, notes, resultOf, SHELF } from './notes-source.ts';
import { say, taskGiven } from './played-process.ts';
import type { PublisherTask } from './publisher-process.ts';

const task = taskGiven<PublisherTask>();
const platform = openLocalPlatform({ directory: task.directory, env: {}, sources: [notes] });
let committed = 0;
for (let edition = 1; edition <= task.editions; edition++) {
  const runId = platform.newId();
  const text = Array<string>(task.lines).fill(`edition ${edition}`);
  const looked: MadeUp['notes'] = {
    x: task.notes.includes('x') ? text : 'failed',
    y: task.notes.includes('y') ? text : 'failed',
  };
  const result = resultOf({ runId, at: edition, notes: looked });
  for (;;) {
    try {
      const { status } = await publishResult({ platform, source: notes, runId, partition: SHELF }, result);
      if (status !== 'committed') throw new Error(`edition ${edition} ended ${status}`);
      committed++;
      break;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'Conflict')) throw error;
    }
  }
}
await platform.close();
say(committed);
