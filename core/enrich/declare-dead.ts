import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { type AboutRow, aboutWrite, type DeadReason, deadWrite } from './dead-records.ts';
import type { EntityData } from './enricher.ts';
import type { EnrichmentCounts } from './enrichment-stats.ts';
import { type EntityPartition, keptChange } from './entity-changes.ts';
import { decodeMessage } from './message.ts';
import { orderOf } from './order.ts';
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
    const writes: StateWrite[] = [
      ...others,
      ...(letter ? [letter.write] : []),
      ...(about && letter
        ? [await keptChange(state, about), aboutWrite(about, letter.id, aboutRow(dead, now))]
        : []),
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

/** Of which message it is, as far as that can be read: one that cannot is as new as its death. */
function aboutRow({ kind, id, body, errors }: DeadMessage, now: number): AboutRow {
  const decoded = decodeMessage(kind, { id, body }, now);
  const isRead = decoded.kind === 'message' && typeof decoded.message.record === 'object';
  const order = isRead
    ? orderOf(decoded.message, (decoded.message.record ?? {}) as EntityData)
    : { updatedAt: null, sentAt: now, id };
  return { order, reason: errors.join('; ').slice(0, 1_000) };
}
