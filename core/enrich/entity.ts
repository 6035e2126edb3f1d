import * as z from 'zod';
import { civilDateSchema } from '../calendar/civil-date.ts';
import type { Json } from '../ports/state-store.ts';
import type { Place } from '../state/collection.ts';
import type { EntityData } from './enricher.ts';
import { originSchema } from './message.ts';
import { orderSchema } from './order.ts';

/** A record, or what is derived from it, as it was checked when it came. */
export const dataSchema = z.custom<EntityData>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'not an object',
);

/** What a row of the table of entities is made of. */
export const entityRowSchema = z.object({
  record: dataSchema,
  derived: dataSchema,
  /** The message that this content came in first. */
  message: z.object({ id: z.string(), source: z.string().nullable(), origin: originSchema().nullable() }),
  /** When it was enriched and stored; milliseconds. */
  storedAt: z.number(),
});
/** Record, derived fields, and the message that they came in. */
export type EntityRow = Readonly<z.infer<typeof entityRowSchema>>;

/** An entity that derive has read, and what it was. */
const readParentSchema = z.object({ kind: z.string(), key: z.string(), fingerprint: z.string() });
export type ReadParent = Readonly<z.infer<typeof readParentSchema>>;

/** A row of a snapshot: which record of that feed and day it shows. */
const snapshotSchema = z.object({
  feed: z.string(),
  date: civilDateSchema,
  order: orderSchema,
  fingerprint: z.string(),
});
export type Snapshot = Readonly<z.infer<typeof snapshotSchema>>;

/** An entity as it is kept, under `entityPlace`. */
export const entitySchema = entityRowSchema.extend({
  /** The partition of the table that it belongs to. */
  feed: z.string(),
  date: civilDateSchema,
  /** Of the newest message with this content, as is the order: the day of its snapshot. */
  snapshotDate: civilDateSchema,
  order: orderSchema,
  /** SHA-256 of record, feed, date and what derive read: what is equal changes nothing. */
  fingerprint: z.string(),
  /** What derive read. */
  read: z.array(readParentSchema).readonly(),
  /** The latest days that it has rows of, newest last; of kinds whose rows are snapshots. */
  snapshots: z.array(snapshotSchema).readonly().optional(),
  /** Milliseconds. */
  firstStoredAt: z.number(),
});
export type EntityDocument = Readonly<z.infer<typeof entitySchema>>;

export interface Entity extends EntityDocument {
  readonly kind: string;
  readonly key: string;
  readonly revision: number;
}

/** Which entity. */
export interface EntityKey {
  readonly kind: string;
  readonly key: string;
}

export function entityPlace({ kind, key }: EntityKey): Place {
  return { partition: `entities#${kind}`, sort: key };
}

/** `session/s-17` */
export function entityName({ kind, key }: EntityKey): string {
  return `${kind}/${key}`;
}

export function parseEntity(value: Json): EntityDocument {
  return entitySchema.parse(value);
}
