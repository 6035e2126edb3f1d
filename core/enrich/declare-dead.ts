import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { isIdentifier } from '../source/identifier.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { type AboutRow, aboutWrite, type DeadReason, deadWrite } from './dead-records.ts';
import type { Enricher, EntityData } from './enricher.ts';
import type { EnrichmentCounts } from './enrichment-stats.ts';
import { type EntityPartition, keptChange } from './entity-changes.ts';
import { decodeMessage, type IncomingMessage } from './message.ts';
import { orderOf } from './order.ts';
import type { BatchContext } from './stores.ts';
import { rowDate } from './valid-record.ts';

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
 * What a record that cannot be enriched says that it is about. Where its key or its date cannot be read, its
 * message stands for it: the day that the message names must not be taken for complete.
 */
export function aboutOf(
  enricher: Enricher,
  { id, kind, feed, date, record }: IncomingMessage,
): DeadMessage['about'] {
  const fields = (typeof record === 'object' ? record : null) ?? {};
  const key = (fields as Readonly<Record<string, unknown>>)[enricher.key];
  return {
    kind,
    key: typeof key === 'string' && isIdentifier(key) ? key : id,
    feed,
    date: rowDate(enricher, fields as Readonly<Record<string, unknown>>, date) ?? date,
  };
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
    const record = await deadWrite(state, dead, why);
    const isNews = record !== undefined;
    const counting = await counts.writes(new Map([[dead.kind, { ...counted, dead: isNews ? 1 : 0 }]]), now);
    const writes: StateWrite[] = [
      ...others,
      ...(record ? [record.write] : []),
      ...(about && record
        ? [await keptChange(state, about), aboutWrite(about, record.id, aboutRow(dead, now))]
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
