import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { type DeadReason, deadWrite } from './dead-records.ts';
import type { EnrichmentCounts } from './enrichment-stats.ts';
import { type EntityPartition, keptChange } from './entity-changes.ts';
import type { BatchContext } from './stores.ts';

/** A message that nothing more can be done with. */
export interface DeadMessage {
  readonly kind: string;
  readonly id: string;
  /** Id that its queue gave it, in case another message says the same id. */
  readonly deliveryId: string;
  readonly body: string;
  readonly errors: readonly string[];
  readonly reason: DeadReason;
  /** The entity that it was about, and its partition; undefined where nobody can read it. */
  readonly about: (EntityPartition & { readonly key: string }) | undefined;
}

/**
 * Puts a dead letter on record, with what else is written with it, and marks its partition. A message that
 * comes again dies once. `with`: may be asked more than once; undefined where it is not to die any more.
 * Returns whether it died now.
 */
export async function declareDead(
  { state, clock, counts }: Pick<BatchContext, 'state' | 'clock' | 'counts'>,
  dead: DeadMessage,
  by: string,
  counted: Partial<EnrichmentCounts>,
  alongside: () => Promise<readonly StateWrite[] | undefined> = async () => [],
): Promise<boolean> {
  const { errors, reason, about } = dead;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const now = clock.now();
    const others = await alongside();
    if (!others) return false;
    const place = about && { feed: about.feed, date: about.date, key: about.key };
    const why = { errors: [...errors], reason, at: now, by, ...(place && { about: place }) };
    const letter = await deadWrite(state, dead, why);
    const isNews = letter !== undefined;
    const counting = await counts.writes(new Map([[dead.kind, { ...counted, dead: isNews ? 1 : 0 }]]), now);
    const said = { dead: { id: letter?.id ?? dead.id, reason: errors.join('; ').slice(0, 1_000) } };
    const writes: StateWrite[] = [
      ...others,
      ...(letter ? [letter.write] : []),
      ...(about && isNews ? [await keptChange(state, about, said)] : []),
      ...counting,
    ];
    if ((await state.transact(writes)).kind === 'written') {
      counts.written(counting);
      return isNews;
    }
    counts.forget();
  }
  throw new StorageError(
    `dead letter ${dead.id} cannot be written: others change it all the time; try again`,
  );
}
