import type { Enricher } from '../enrich/enricher.ts';
import {
  changedPartitions,
  type EntityPartition,
  keptChange,
  removeChanges,
} from '../enrich/entity-changes.ts';
import type { Platform } from '../platform.ts';
import {
  endPublication,
  type Publication,
  type PublicationOptions,
  type PublishedPartition,
  publishPartition,
} from '../publish-derived/publish-partition.ts';
import { entityKindOf } from '../source/derived.ts';
import type { Source } from '../source/source.ts';
import { entityResult, type ReadChange } from './entity-result.ts';
import { markOlderPartitions } from './older-partitions.ts';

/**
 * Commits the entities that changed since they were published last into their partitions, one partition after
 * the other; only what is marked as changed is read. Where nothing changed nothing is written. It may die at
 * any point and be begun anew, and any number may be under way: each partition belongs to one of them.
 */
export async function publishEntities(
  platform: Platform,
  { isAlone = false, mustStop = () => false }: PublicationOptions = {},
): Promise<Publication> {
  const runId = platform.newId();
  const partitions: PublishedPartition[] = [];
  let isStopped = false;
  for (const enricher of platform.enrichers) {
    const source = platform.sources.find((each) => entityKindOf(each) === enricher.kind);
    // Its table is not valid, and the commands say so.
    if (!source) continue;
    await markOlderPartitions(platform, source, enricher.kind);
    for await (const place of changedPartitions(platform.state, enricher.kind)) {
      isStopped ||= mustStop();
      if (isStopped) break;
      partitions.push(...(await publishChanges(platform, source, enricher, place, { runId, isAlone })));
    }
  }
  await endPublication(platform, 'entities', { runId, isAlone }, partitions);
  return { runId, partitions, isStopped };
}

function publishChanges(
  platform: Platform,
  source: Source,
  enricher: Enricher,
  place: EntityPartition,
  publication: { readonly runId: string; readonly isAlone: boolean },
): Promise<PublishedPartition[]> {
  const { state } = platform;
  const { kind, feed, date } = place;
  const partition = { value: feed, date };
  let read: readonly ReadChange[] = [];
  return publishPartition(platform, [source], { from: 'entities', owner: kind, partition }, publication, {
    async resultOf(context, before) {
      const made = await entityResult(context, enricher, place, before);
      read = made.read;
      return made.result;
    },
    published: async () => void (await removeChanges(state, read)),
    async markAgain() {
      for (const { change } of read) await state.write([await keptChange(state, change)]);
    },
  });
}
