import { markPlace } from '../failures/failure-store.ts';
import type { PartitionJob } from '../job.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { StateDocument } from '../ports/state-store.ts';
import { type PartitionRecord, recordOf, recordPlace } from '../state/partition-store.ts';
import { newestRunOf, sequencePlace } from '../state/run-store.ts';
import { answerOf, answerPlace } from './published.ts';

/** What the state says of a partition when something is to be published there. */
export interface KnownState {
  readonly lastRefresh: PartitionRecord | undefined;
  /** The document of that record. */
  readonly document: StateDocument | undefined;
  /** Sequence of the newest run of the source. */
  readonly newestRun: number;
  /** See `PartitionRecord`: the revision that it has now, 0 where no failure was ever opened. */
  readonly failuresMark: number;
  /** What this run published there already. */
  readonly published: PublishResult | undefined;
}

/** All of it in one request. */
export async function knownState(context: PartitionJob): Promise<KnownState> {
  const { platform, source, partition } = context;
  const [document, sequence, mark, answer] = await platform.state.getMany([
    recordPlace(source.table.name, partition),
    sequencePlace(source.name),
    markPlace(source.name, partition),
    answerPlace(context),
  ]);
  return {
    document,
    lastRefresh: recordOf(document),
    newestRun: newestRunOf(sequence),
    failuresMark: mark?.revision ?? 0,
    published: await answerOf(context, answer),
  };
}
