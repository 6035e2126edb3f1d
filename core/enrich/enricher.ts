import type * as z from 'zod';
import type { Json } from '../ports/state-store.ts';

/** A record, or what is derived from it: JSON as it came, by the names of its fields. */
export type EntityData = Readonly<Record<string, Json>>;

/** What a kind of record is, and what is derived from it. A value: the engine does all else. */
export interface Enricher {
  /** `tutor`; an identifier, and the name of its queue. */
  readonly kind: string;
  /** `tutors`: the table that its entities are published in. */
  readonly table: string;
  /** The field that tells one entity from another; its value is an identifier. */
  readonly key: string;
  /** Of a record. Fields that it does not name are kept as they came. */
  readonly schema: z.ZodObject;
  /** Of the derived fields, each of which may be absent. */
  readonly derived: z.ZodObject;
  readonly references: readonly Reference[];
  /**
   * The date that its row belongs to: that on the clock face of a time of the record, with the offset that it
   * carries itself; or the day of the snapshot that it came in.
   */
  readonly day: { readonly field: string } | 'snapshot';
  /**
   * Derived fields of a valid record; one that cannot be known is left out. Pure. `now`: milliseconds since
   * the epoch.
   */
  derive(record: EntityData, now: number, related: Related): EntityData;
}

/** A field of a record that names another entity, without which the record is not stored. */
export interface Reference {
  readonly field: string;
  readonly kind: string;
  /** True of a record whose derived fields need the entity that it names. @default none does */
  reads?(record: EntityData): boolean;
}

/** Stored records by the field that names them: those that `Reference.reads` asked for and that are there. */
export type Related = Readonly<Record<string, EntityData>>;
