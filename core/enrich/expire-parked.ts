import { declareDead } from './declare-dead.ts';
import { CountsOfShard } from './enrichment-stats.ts';
import { entityName } from './entity.ts';
import { keptChange } from './entity-changes.ts';
import { EntityStore } from './entity-store.ts';
import { encodeMessage } from './message.ts';
import {
  isOvertaken,
  messageOfParked,
  overdue,
  PARKED_DAYS,
  type ParkedRecord,
  parkedRecord,
  unparkWrites,
} from './parked-records.ts';
import type { EnrichmentStores } from './stores.ts';

/**
 * Declares dead what has waited for seven days. A record that was overtaken, because a newer one of its key
 * is stored, only goes. Returns how many died.
 */
export async function expireParked(stores: EnrichmentStores): Promise<number> {
  const { state, clock } = stores;
  const counts = new CountsOfShard(state, stores.newId());
  let died = 0;
  for await (const { parked, place } of overdue(state, clock.now())) {
    if (!parked) await state.write([{ kind: 'delete', ...place }]);
    else if (isOvertaken(parked, (await new EntityStore(state).get(parked))?.order))
      // Its partition was told that it waits. On a conflict the next look comes to it.
      await state.write([...unparkWrites(parked), await keptChange(state, parked)]);
    else if (await expire(stores, parked, counts)) died++;
  }
  return died;
}

async function expire(
  stores: EnrichmentStores,
  parked: ParkedRecord,
  counts: CountsOfShard,
): Promise<boolean> {
  const { kind, key, feed, date, missing, message, revision } = parked;
  // As it came: sent again, it waits anew.
  const body = encodeMessage({ ...messageOfParked(parked), parked: false });
  const errors = missing.map((parent) => `${entityName(parent)}: did not come within ${PARKED_DAYS} days`);
  // Its queue has it no more, and the dead-letter queue is the alarm. First, so that no death goes untold.
  await stores.enrichmentQueue(kind).sendDeadLetter(body, errors.join('; '));
  return declareDead(
    { ...stores, counts: counts.outsideBatches() },
    {
      kind,
      id: message.id,
      deliveryId: 'parked',
      body,
      errors,
      reason: 'expired',
      about: { kind, key, feed, date },
    },
    'expiry',
    {},
    async () => {
      const now = await parkedRecord(stores.state, parked);
      return now?.revision === revision ? unparkWrites(now) : undefined;
    },
  );
}
