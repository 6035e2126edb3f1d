import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { type EntityKey, entityName, entityPlace } from './entity.ts';
import { keptChange } from './entity-changes.ts';
import { isNewer } from './order.ts';
import { parkedRecord, parkWrites } from './parked-records.ts';
import type { BatchContext } from './stores.ts';
import type { ValidRecord } from './valid-record.ts';

/**
 * Parks a record until what it refers to is there, on condition that the first of it is absent in that
 * moment: what arrives later finds it waiting. Of two records of one key the newer one waits. Returns what is
 * missing; `again` where that has come meanwhile.
 */
export async function park(
  { state, clock, counts, newId }: Pick<BatchContext, 'state' | 'clock' | 'counts' | 'newId'>,
  valid: ValidRecord,
  missing: readonly EntityKey[],
): Promise<readonly EntityKey[] | 'again'> {
  const { message, record, order, date } = valid;
  const { id, source, origin, feed } = message;
  const entity = { kind: valid.kind, key: valid.key };
  const absent: StateWrite = { kind: 'check', ...entityPlace(missing[0]!), expect: 'absent' };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await parkedRecord(state, entity);
    const isOlder = before !== undefined && isNewer(before.order, order);
    // What waited before it there waits no more.
    const leavesPartition = before && !isOlder && (before.feed !== feed || before.date !== date);
    const now = clock.now();
    const document = {
      message: { id, source, snapshotDate: message.date, record, origin },
      order,
      missing: [...missing],
      parkedAt: before?.parkedAt ?? now,
      parking: newId(),
      feed,
      date,
    };
    const counted = { processed: 1, enriched: 1, persist_failed: 1, parked: before ? 0 : 1 };
    const counting = await counts.writes(new Map([[valid.kind, counted]]), now);
    const writes: StateWrite[] = [
      absent,
      ...(isOlder ? [] : parkWrites(entity, document, before)),
      await keptChange(state, { ...entity, feed, date }),
      ...(leavesPartition
        ? [await keptChange(state, { ...entity, feed: before.feed, date: before.date })]
        : []),
      ...counting,
    ];
    const answer = await state.transact(writes);
    if (answer.kind === 'written') {
      counts.written(counting);
      return missing;
    }
    counts.forget();
    if (answer.at.includes(0)) return 'again';
  }
  throw new StorageError(`${entityName(entity)} cannot be parked: others change it all the time; try again`);
}
