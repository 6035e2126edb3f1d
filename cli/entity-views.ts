import type { Enricher } from '../core/enrich/enricher.ts';
import type { Entity } from '../core/enrich/entity.ts';
import { AsItIs } from './json.ts';
import { type ListedThing, timeText } from './list.ts';

/** Of the table, and of the CSV where the kinds differ. */
export const ENTITY_COLUMNS = ['kind', 'key', 'feed', 'date', 'stored_at'] as const;

/** Columns of the CSV: of one kind its own fields, else the record in one cell. */
export function csvColumnsOf(enricher: Enricher | undefined): readonly string[] {
  if (!enricher) return [...ENTITY_COLUMNS, 'message_id', 'record', 'derived'];
  return [...ENTITY_COLUMNS, 'message_id', ...fieldsOf(enricher)];
}

function fieldsOf({ schema, derived }: Enricher): string[] {
  return [...Object.keys(schema.shape), ...Object.keys(derived.shape)];
}

/** Its own columns come last, so that a field of the record never takes their place. */
export function listedEntity(entity: Entity): ListedThing {
  const { kind, key, feed, date, record, derived, message, storedAt } = entity;
  return {
    row: {
      ...{ record, derived },
      ...{ ...record, ...derived },
      ...{ kind, key, feed, date, stored_at: timeText(storedAt), message_id: message.id },
    },
    value: entityRecord(entity),
  };
}

/** An entity for programs. Its record and what is derived from it have the names that they came with. */
export function entityRecord(entity: Entity): object {
  const { kind, key, feed, date, record, derived, message, storedAt, firstStoredAt } = entity;
  return {
    ...{ kind, key, feed, date },
    record: new AsItIs(record),
    derived: new AsItIs(derived),
    message: { ...message, origin: message.origin && new AsItIs(message.origin) },
    ...{ storedAt, firstStoredAt },
  };
}
