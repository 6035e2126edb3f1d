import type { EntityData } from './enricher.ts';
import type { EntityDocument, EntityRow, ReadParent, Snapshot } from './entity.ts';
import type { EntityPartition } from './entity-changes.ts';
import { compareOrders, isNewer } from './order.ts';
import { fingerprintOf, type ValidRecord } from './valid-record.ts';

/** A valid record with all that is derived from it. */
export interface EnrichedRecord {
  readonly valid: ValidRecord;
  readonly derived: EntityData;
  readonly read: readonly ReadParent[];
}

export type StoredAs = 'inserted' | 'updated' | 'unchanged' | 'older';

/** What becomes of an entity with some records of it, in the order in which they came. */
export interface Folded {
  /** As it is to be written; undefined where it stays as it is stored. */
  readonly entity: EntityDocument | undefined;
  /** The record that it now holds; undefined where that is the stored one's. */
  readonly last: EnrichedRecord | undefined;
  /** One for each record. */
  readonly storedAs: readonly StoredAs[];
  /** Rows of snapshots that are to be published. */
  readonly rows: readonly { readonly partition: EntityPartition; readonly row: EntityRow }[];
}

/**
 * Days of snapshots that an entity knows the records of: the window of a run and a day. A record of an
 * earlier day is published whatever there is.
 */
const SNAPSHOTS_KNOWN = 8;

/** `now`: milliseconds. */
export function fold(
  stored: EntityDocument | undefined,
  records: readonly EnrichedRecord[],
  now: number,
): Folded {
  let entity = stored;
  let last: EnrichedRecord | undefined;
  const rows = new Map<string, Folded['rows'][number]>();
  const storedAs = records.map((enriched): StoredAs => {
    const { valid } = enriched;
    const next = documentOf(enriched, entity, now);
    const before = entity;
    const byOrder = before ? compareOrders(next.order, before.order) : 1;
    const isSame = before?.fingerprint === next.fingerprint;
    if (!before || (byOrder >= 0 && !isSame)) {
      entity = next;
      last = enriched;
    }
    // The same again, sent later: what was sent in between is older from now on.
    else if (byOrder > 0) entity = { ...before, order: next.order, snapshotDate: next.snapshotDate };
    if (valid.enricher.day === 'snapshot') {
      const known = entity!.snapshots ?? [];
      const { kind, message, date } = valid;
      const answer = withSnapshot(known, {
        feed: message.feed,
        date,
        order: next.order,
        fingerprint: next.fingerprint,
      });
      if (answer.snapshots !== known) entity = { ...entity!, snapshots: answer.snapshots };
      if (answer.isNews)
        rows.set(`${message.feed}#${date}`, {
          partition: { kind, feed: message.feed, date },
          row: rowOf(next),
        });
    }
    if (!before) return 'inserted';
    if (byOrder < 0) return 'older';
    return isSame ? 'unchanged' : 'updated';
  });
  return { entity: entity === stored ? undefined : entity, last, storedAs, rows: [...rows.values()] };
}

/** The known snapshots with this one; news where its row is another one than what is known of that day. */
function withSnapshot(
  known: readonly Snapshot[],
  next: Snapshot,
): { readonly snapshots: readonly Snapshot[]; readonly isNews: boolean } {
  const before = known.find(({ feed, date }) => feed === next.feed && date === next.date);
  if (before && compareOrders(next.order, before.order) < 0) return { snapshots: known, isNews: false };
  const isNews = before?.fingerprint !== next.fingerprint;
  if (!isNews && before && !isNewer(next.order, before.order)) return { snapshots: known, isNews };
  const all = [...known.filter((snapshot) => snapshot !== before), next];
  const snapshots = all.toSorted((a, b) => (a.date < b.date ? -1 : 1)).slice(-SNAPSHOTS_KNOWN);
  return { snapshots, isNews };
}

function documentOf(
  { valid, derived, read }: EnrichedRecord,
  before: EntityDocument | undefined,
  now: number,
): EntityDocument {
  const { message, record, date, order } = valid;
  const { id, source, origin, feed } = message;
  return {
    record,
    derived,
    message: { id, source, origin },
    storedAt: now,
    feed,
    date,
    snapshotDate: message.date,
    order,
    fingerprint: fingerprintOf(`${JSON.stringify([feed, date, read])}${valid.text}`),
    read,
    ...(before?.snapshots && { snapshots: before.snapshots }),
    firstStoredAt: before?.firstStoredAt ?? now,
  };
}

function rowOf({ record, derived, message, storedAt }: EntityDocument): EntityRow {
  return { record, derived, message, storedAt };
}
