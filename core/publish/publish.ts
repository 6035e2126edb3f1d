import { civilDate } from '../calendar/civil-date.ts';
import type { PartitionJob } from '../job.ts';
import { partitionName } from '../lake/layout.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { type PartitionWork, type Platform, sourceNamed } from '../platform.ts';
import { readResult } from '../scrape/finalize.ts';
import type { Partition } from '../source/source.ts';
import { leftAsItIs } from './answer.ts';
import { knownState } from './known-state.ts';
import { publishOver } from './publish-over.ts';
import { answerWrite } from './published.ts';
import { type PublishActor, recordPublish } from './record.ts';

/**
 * Write, audit, publish: lays the finalized scrape over the current version, writes the new version beside
 * it, checks it, and only then makes it current. Called again with the same work it gives the same answer.
 * Throws a StageError `Conflict` where other writers keep winning; the caller waits and calls again. Throws a
 * CorruptLakeError where the result of the scrape cannot be read.
 */
export async function publish(
  platform: Platform,
  work: PartitionWork,
  actor: PublishActor = 'run',
): Promise<PublishResult> {
  const source = sourceNamed(platform, work.source);
  const partition: Partition = { value: work.value, date: civilDate(work.date) };
  const context: PartitionJob = { platform, source, runId: work.runId, partition };
  const reading = readResult(context);
  // Where there is an answer nobody needs it, and it may be damaged.
  reading.catch(() => undefined);
  const known = await knownState(context);
  if (known.published) return known.published;
  const result = await reading;
  if (!result)
    throw new Error(
      `publish of ${partitionName(source.name, partition)} was called before its scrape was finalized`,
    );
  const isNothing = result.index.kind === 'targets' && result.index.targets.length === 0;
  const { answer, exportCsv } = isNothing
    ? { answer: await leftAsItIs(context, result) }
    : await publishOver(context, result, known);
  const along = [await answerWrite(context, answer)];
  // A partition none of whose targets was crawled is no fresher than before.
  if (isNothing) await platform.state.write(along);
  else await recordPublish(context, result, answer, actor, { known, along, beside: exportCsv });
  platform.emit({ kind: 'published', source: source.name, partition, result: answer });
  return answer;
}
