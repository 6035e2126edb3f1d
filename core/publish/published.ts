import { civilDate } from '../calendar/civil-date.ts';
import type { PartitionJob } from '../job.ts';
import { partitionName, partitionWorkPrefix } from '../lake/layout.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { parseStored } from '../lake/stored-json.ts';
import type { Platform } from '../platform.ts';
import type { Json, StateDocument, StateWrite } from '../ports/state-store.ts';
import type { Partition } from '../source/source.ts';
import type { Place } from '../state/collection.ts';

/** Characters of an answer that the state takes; of a longer one, with thousands of items, the lake. */
const MOST_IN_STATE = 50_000;
const IN_LAKE = 'in-lake';

type AnswerOf = Pick<PartitionJob, 'runId' | 'source' | 'partition'>;

/**
 * What publish answered for one partition of a run; undefined before it did. It is in the state, so that it
 * is there in the moment in which the record of the partition is: asked again, publish gives the same answer.
 */
export async function readPublished(context: PartitionJob): Promise<PublishResult | undefined> {
  const { partition, sort } = answerPlace(context);
  const document = await context.platform.state.get(partition, sort);
  // Runs that began before answers were in the state have them in the lake.
  return document ? answerOf(context, document) : longAnswer(context);
}

export function answerPlace({ runId, source, partition }: AnswerOf): Place {
  return {
    partition: answersOfRun(runId),
    sort: `${source.name}#${partition.value}#${partition.date}`,
  };
}

function answersOfRun(runId: string): string {
  return `published#${runId}`;
}

/** The answers of a run about partitions of its source, by the names of these: one request for all. */
export async function publishedOfRun(
  context: Pick<PartitionJob, 'platform' | 'source' | 'runId'>,
): Promise<ReadonlyMap<string, PublishResult>> {
  const { platform, source, runId } = context;
  const found = new Map<string, PublishResult>();
  const own = { prefix: `${source.name}#` };
  for await (const document of platform.state.query(answersOfRun(runId), own)) {
    const partition = partitionOf(document.sort);
    const result = await answerOf({ ...context, partition }, document);
    if (result) found.set(partitionName(source.name, partition), result);
  }
  return found;
}

/** What a run has published so far. */
export async function* publishedPlaces(
  { state }: Pick<Platform, 'state'>,
  runId: string,
): AsyncGenerator<{ readonly source: string; readonly partition: Partition }> {
  for await (const { sort } of state.query(answersOfRun(runId))) {
    const [source = ''] = sort.split('#');
    yield { source, partition: partitionOf(sort) };
  }
}

function partitionOf(sort: string): Partition {
  const [, value = '', date = ''] = sort.split('#');
  return { value, date: civilDate(date) };
}

/** The answer in that document. */
export async function answerOf(
  context: PartitionJob,
  document: StateDocument | undefined,
): Promise<PublishResult | undefined> {
  if (!document) return undefined;
  return document.value === IN_LAKE ? longAnswer(context) : (document.value as unknown as PublishResult);
}

async function longAnswer(context: PartitionJob): Promise<PublishResult | undefined> {
  const key = longAnswerKey(context);
  const stored = await context.platform.lake.get(key);
  return stored && parseStored<PublishResult>(key, stored.body);
}

/** What puts an answer where it is found again, after which it is to be written into the state. */
export async function answerWrite(context: PartitionJob, answer: PublishResult): Promise<StateWrite> {
  const text = JSON.stringify(answer);
  const isLong = text.length > MOST_IN_STATE;
  if (isLong) await context.platform.lake.put(longAnswerKey(context), new TextEncoder().encode(text));
  const value = isLong ? IN_LAKE : (answer as unknown as Json);
  return { kind: 'put', ...answerPlace(context), value };
}

/** Forgets the answer, once nobody goes on with the run. */
export async function forgetPublished({ state }: Pick<Platform, 'state'>, of: AnswerOf): Promise<void> {
  await state.write([{ kind: 'delete', ...answerPlace(of) }]);
}

function longAnswerKey({ runId, source, partition }: PartitionJob): string {
  return `${partitionWorkPrefix(runId, source.name, partition)}published.json`;
}
