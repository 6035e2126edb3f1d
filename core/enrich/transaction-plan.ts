import type { StateWrite } from '../ports/state-store.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';
import { dependentPlace, dependentWrite } from './dependents.ts';
import { type EnrichmentCounts, NO_COUNTS } from './enrichment-stats.ts';
import { type Entity, type EntityDocument, type EntityKey, entityName, entityPlace } from './entity.ts';
import { changeWrite } from './entity-changes.ts';
import type { Folded } from './fold.ts';
import type { ValidRecord } from './valid-record.ts';

/** Bytes that a transaction is filled to: a margin below what a store takes. */
const FILLED_TO_BYTES = 3_000_000;
/** What a document has beside its record at most: origin, derived fields, snapshots. */
const BESIDE_RECORD_BYTES = 25_000;

/** What must be there when an entity is written; a revision where derive has read it. */
export interface ParentCheck extends EntityKey {
  readonly expect: 'present' | number;
}

/** All that is written about one entity. */
export interface EntityPlan extends EntityKey {
  /** Records of it, in the order in which they came. */
  readonly records: readonly ValidRecord[];
  readonly stored: Entity | undefined;
  readonly folded: Folded;
  readonly writes: readonly StateWrite[];
  readonly checks: readonly ParentCheck[];
  readonly bytes: number;
}

/** A parked record that waits no more. */
export interface Unparked {
  readonly removal: readonly StateWrite[];
  /** Marks its partition, which was told that it waits, and need not be that of the record that came. */
  readonly change: StateWrite;
}

/** `read`: revisions of the stored parents that derive has read, by name. */
export function planEntity(
  entity: EntityKey,
  records: readonly ValidRecord[],
  stored: Entity | undefined,
  folded: Folded,
  read: ReadonlyMap<string, number>,
  unparked: Unparked | undefined,
): EntityPlan {
  const { entity: next, last, rows } = folded;
  const writes: StateWrite[] = [...(unparked?.removal ?? [])];
  if (next)
    writes.push({ kind: 'put', ...entityPlace(entity), value: next, expect: stored?.revision ?? 'absent' });
  for (const { partition, row } of rows) writes.push(changeWrite({ ...partition, key: entity.key }, { row }));
  // The row of a snapshot stays though its entity goes on: `rows` says what becomes of it.
  if (records[0]?.enricher.day !== 'snapshot') writes.push(...markWrites(entity, stored, folded));
  if (unparked && !writes.some((write) => isOfSameDocument(write, unparked.change)))
    writes.push(unparked.change);
  if (next && last) {
    const parents = new Set(next.read.map(entityName));
    for (const parent of next.read) writes.push(dependentWrite(parent, entity));
    for (const parent of stored?.read ?? []) {
      if (!parents.has(entityName(parent)))
        writes.push({ kind: 'delete', ...dependentPlace(parent, entity) });
    }
  }
  const checks = (last?.valid.references ?? []).map(({ kind, key, isRead }): ParentCheck => {
    const revision = isRead ? read.get(entityName({ kind, key })) : undefined;
    return { kind, key, expect: revision ?? 'present' };
  });
  const largest = records.reduce((most, { text }) => Math.max(most, Buffer.byteLength(text)), 0);
  const documents = (next ? 1 : 0) + rows.length;
  return {
    ...entity,
    records,
    stored,
    folded,
    writes,
    checks,
    bytes: documents * (largest + BESIDE_RECORD_BYTES),
  };
}

/** Marks the partitions that an entity leaves and enters, each once. */
function markWrites(
  entity: EntityKey,
  stored: Entity | undefined,
  { entity: next, last }: Folded,
): StateWrite[] {
  if (!next || !last) return [];
  const places = [next, ...(stored ? [stored] : [])];
  const once = new Map(places.map(({ feed, date }) => [`${feed}#${date}`, { feed, date }]));
  return [...once.values()].map((place) => changeWrite({ ...entity, ...place }));
}

function isOfSameDocument(a: StateWrite, b: StateWrite): boolean {
  return a.partition === b.partition && a.sort === b.sort;
}

/** Entities that are written together, all or nothing. */
export class TransactionPlan {
  readonly entities: EntityPlan[] = [];
  readonly #byName = new Map<string, EntityPlan>();
  readonly #kinds = new Set<string>();
  readonly #checked = new Set<string>();
  #writes = 0;
  #bytes = 0;

  /** What becomes of an entity here; undefined where it is not written. */
  entity(key: EntityKey): EntityDocument | undefined {
    return this.#byName.get(entityName(key))?.folded.entity;
  }

  fits(plan: EntityPlan): boolean {
    if (this.entities.length === 0) return true;
    const kinds = this.#kinds.size + (this.#kinds.has(plan.kind) ? 0 : 1);
    const checks = plan.checks.filter((check) => !this.#checked.has(entityName(check))).length;
    const writes = this.#writes + this.#checked.size + kinds + plan.writes.length + checks;
    return writes <= MAX_WRITES && this.#bytes + plan.bytes <= FILLED_TO_BYTES;
  }

  add(plan: EntityPlan): void {
    this.entities.push(plan);
    this.#byName.set(entityName(plan), plan);
    this.#kinds.add(plan.kind);
    for (const check of plan.checks) this.#checked.add(entityName(check));
    this.#writes += plan.writes.length;
    this.#bytes += plan.bytes;
  }

  /** Writes of the entities, and a check of each parent that is not itself written. */
  writes(): StateWrite[] {
    const checks = new Map<string, ParentCheck>();
    for (const check of this.entities.flatMap((plan) => plan.checks)) {
      const name = entityName(check);
      if (this.entity(check)) continue;
      if (typeof checks.get(name)?.expect !== 'number') checks.set(name, check);
    }
    return [
      ...this.entities.flatMap(({ writes }) => writes),
      ...[...checks.values()].map((check): StateWrite => {
        return { kind: 'check', ...entityPlace(check), expect: check.expect };
      }),
    ];
  }

  /** By kind. */
  counts(): Map<string, EnrichmentCounts> {
    const counts = new Map<string, Record<keyof EnrichmentCounts, number>>();
    for (const { kind, records, folded } of this.entities) {
      const sum = counts.get(kind) ?? { ...NO_COUNTS };
      counts.set(kind, sum);
      sum.processed += records.length;
      sum.enriched += records.length;
      for (const storedAs of folded.storedAs) sum[storedAs]++;
    }
    return counts;
  }
}
