import { createHash } from 'node:crypto';
import type { CivilDate } from '../calendar/civil-date.ts';
import { readWrittenTime } from '../calendar/written-time.ts';
import { enrichRecord } from './engine.ts';
import type { Enricher, EntityData, Reference } from './enricher.ts';
import type { EntityKey } from './entity.ts';
import type { IncomingMessage } from './message.ts';
import { type Order, orderOf } from './order.ts';

/** A record that its enricher took, with what is known of it without looking into the store. */
export interface ValidRecord extends EntityKey {
  readonly enricher: Enricher;
  readonly message: IncomingMessage;
  readonly record: EntityData;
  /** Made without anything that derive reads of others. */
  readonly derived: EntityData;
  readonly order: Order;
  /** The date of its row. */
  readonly date: CivilDate;
  readonly references: readonly RecordReference[];
  /** The record as JSON. */
  readonly text: string;
}

/** An entity that a record refers to. */
export interface RecordReference extends EntityKey {
  readonly field: string;
  /** True where derive reads it. */
  readonly isRead: boolean;
}

export type Validated =
  | { readonly kind: 'valid'; readonly record: ValidRecord }
  | { readonly kind: 'invalid'; readonly errors: readonly string[] };

/** Checks and enriches the record of a message. `now`: milliseconds. */
export function validate(enricher: Enricher, message: IncomingMessage, now: number): Validated {
  const enriched = enrichRecord(enricher, message.record, now, {});
  if (enriched.kind === 'invalid') return enriched;
  const { record, derived } = enriched;
  const date = rowDate(enricher, record, message.date);
  if (date === undefined && enricher.day !== 'snapshot')
    return {
      kind: 'invalid',
      errors: [`${enricher.day.field}: no time, which the date of its row is taken from`],
    };
  return {
    kind: 'valid',
    record: {
      kind: enricher.kind,
      key: String(record[enricher.key]),
      enricher,
      message,
      record,
      derived,
      order: orderOf(message, record),
      date: date!,
      references: enricher.references.flatMap((reference) => referenceIn(reference, record)),
      text: JSON.stringify(record),
    },
  };
}

/** The date that the row of a record belongs to; undefined where it has no readable time. */
export function rowDate(
  { day }: Pick<Enricher, 'day'>,
  record: Readonly<Record<string, unknown>>,
  snapshotDate: CivilDate,
): CivilDate | undefined {
  if (day === 'snapshot') return snapshotDate;
  const written = record[day.field];
  return typeof written === 'string' ? readWrittenTime(written)?.date : undefined;
}

export function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function referenceIn({ field, kind, reads }: Reference, record: EntityData): RecordReference[] {
  const key = record[field];
  return typeof key === 'string' ? [{ kind, key, field, isRead: reads?.(record) ?? false }] : [];
}
