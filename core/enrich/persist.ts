import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import type { Related } from './enricher.ts';
import {
  type Entity,
  type EntityDocument,
  type EntityKey,
  entityName,
  entityPlace,
  type ReadParent,
} from './entity.ts';
import { keptChange } from './entity-changes.ts';
import { EntityStore } from './entity-store.ts';
import { type EnrichedRecord, fold, type StoredAs } from './fold.ts';
import { compareOrders } from './order.ts';
import { parkedRecord, unparkWrites } from './parked-records.ts';
import { park } from './parking.ts';
import type { BatchContext, EnrichmentStores } from './stores.ts';
import { type EntityPlan, planEntity, TransactionPlan, type Unparked } from './transaction-plan.ts';
import { fingerprintOf, type ValidRecord } from './valid-record.ts';

/** What became of a valid record. */
export type Persisted =
  | { readonly kind: StoredAs }
  | { readonly kind: 'parked'; readonly missing: readonly EntityKey[] };

/** Records of one entity that are folded at once: each may have a row of its own. */
const FOLDED_AT_ONCE = 20;

/**
 * Stores valid records, of any kinds and in any number, and says what became of each, in their order. They
 * are written in one transaction, and in several only where they are too many for one; parents before what
 * refers to them. That what a record refers to is there is a condition of its transaction: where it does not
 * hold, the record is parked and the rest goes on. Throws a StorageError where the store cannot do its work;
 * what was written until then stays, and the same again changes nothing of it.
 */
export async function persist(context: BatchContext, records: readonly ValidRecord[]): Promise<Persisted[]> {
  const done = new Map<ValidRecord, Persisted>();
  const depth = depthsOf(context);
  let waiting = records.toSorted((a, b) => (depth.get(a.kind) ?? 0) - (depth.get(b.kind) ?? 0));
  for (let tries = 0; waiting.length > 0; ) {
    const before = done.size;
    await new Pass(context, done).run(waiting);
    waiting = waiting.filter((record) => !done.has(record));
    tries = done.size > before ? 0 : tries + 1;
    if (tries > MAX_TRIES)
      throw new StorageError(`${entityName(waiting[0]!)} cannot be stored: others change it all the time`);
  }
  return records.map((record) => done.get(record)!);
}

/** One look at what is stored, and the transactions that follow from it. */
class Pass {
  readonly #context: BatchContext;
  readonly #done: Map<ValidRecord, Persisted>;
  readonly #entities: EntityStore;
  #plan = new TransactionPlan();
  /** Parents that derive has read since the last transaction. */
  #read = new Map<string, Promise<Entity | undefined>>();

  constructor(context: BatchContext, done: Map<ValidRecord, Persisted>) {
    this.#context = context;
    this.#done = done;
    this.#entities = new EntityStore(context.state);
  }

  async run(waiting: readonly ValidRecord[]): Promise<void> {
    const groups = [...Map.groupBy(waiting, entityName).values()].map((of) => of.slice(0, FOLDED_AT_ONCE));
    const stored = await Promise.all(groups.map(([first]) => this.#entities.get(first!)));
    for (const [at, group] of groups.entries()) {
      let plan = await this.#planOf(group, stored[at]);
      if (plan && !this.#plan.fits(plan)) {
        await this.#execute();
        // What it refers to may have been written only now.
        plan = await this.#planOf(group, stored[at]);
      }
      if (plan) this.#plan.add(plan);
    }
    await this.#execute();
  }

  /** Undefined where nothing of it is to be written now. */
  async #planOf(
    records: readonly ValidRecord[],
    stored: Entity | undefined,
  ): Promise<EntityPlan | undefined> {
    let group = records;
    while (group.length > 0) {
      const { kind, key } = group[0]!;
      const revisions = new Map<string, number>();
      const enriched: EnrichedRecord[] = [];
      for (const valid of group) enriched.push(await this.#enriched(valid, revisions));
      const folded = fold(stored && documentIn(stored), enriched, this.#context.clock.now());
      const unread = folded.last && unreadOf(folded.last);
      if (!unread)
        return planEntity({ kind, key }, group, stored, folded, revisions, await this.#unparked(group));
      // A condition could not tell that what was absent when derive would have read it is there by now.
      if (!(await this.#park(unread.valid, unread.missing))) return undefined;
      group = group.filter((record) => record !== unread.valid);
    }
    return undefined;
  }

  /** False where what is missing has come meanwhile. */
  async #park(record: ValidRecord, missing: readonly EntityKey[]): Promise<boolean> {
    const parked = await park(this.#context, record, missing);
    if (parked === 'again') return false;
    this.#done.set(record, { kind: 'parked', missing: parked });
    return true;
  }

  /** With what derive reads of others: as they are written here, or as they are stored. */
  async #enriched(valid: ValidRecord, revisions: Map<string, number>): Promise<EnrichedRecord> {
    const toRead = valid.references.filter(({ isRead }) => isRead);
    if (toRead.length === 0) return { valid, derived: valid.derived, read: [] };
    const related: Record<string, Related[string]> = {};
    const read: ReadParent[] = [];
    for (const { field, kind, key } of toRead) {
      const stored = this.#plan.entity({ kind, key }) ? undefined : await this.#parent({ kind, key });
      const parent = this.#plan.entity({ kind, key }) ?? stored;
      if (!parent) continue;
      if (stored) revisions.set(entityName(stored), stored.revision);
      related[field] = parent.record;
      read.push({ kind, key, fingerprint: fingerprintOf(JSON.stringify(parent.record)) });
    }
    const derived = valid.enricher.derive(valid.record, this.#context.clock.now(), related);
    return { valid, derived, read };
  }

  #parent(key: EntityKey): Promise<Entity | undefined> {
    const name = entityName(key);
    const parent = this.#read.get(name) ?? this.#entities.get(key);
    this.#read.set(name, parent);
    return parent;
  }

  /** What waited comes with its message; a newer record that waits still stays. */
  async #unparked(group: readonly ValidRecord[]): Promise<Unparked | undefined> {
    const { state } = this.#context;
    const taken = group.filter(({ message }) => message.parked);
    if (taken.length === 0) return undefined;
    const parked = await parkedRecord(state, taken[0]!);
    if (!parked || !taken.some(({ order }) => compareOrders(parked.order, order) <= 0)) return undefined;
    return { removal: unparkWrites(parked), change: await keptChange(state, parked) };
  }

  /** Writes what is planned. What met a conflict is not done, and looked at anew in the next pass. */
  async #execute(): Promise<void> {
    const plan = this.#plan;
    this.#plan = new TransactionPlan();
    this.#read = new Map();
    if (plan.entities.length === 0) return;
    const failed = await this.#transact(plan);
    if (!failed) {
      for (const { records, folded } of plan.entities)
        for (const [at, record] of records.entries()) this.#done.set(record, { kind: folded.storedAs[at]! });
      return;
    }
    for (const entity of plan.entities) await this.#parkMissing(entity, failed);
  }

  /** Undefined when it is written; otherwise the writes whose expectation does not hold. */
  async #transact(plan: TransactionPlan): Promise<StateWrite[] | undefined> {
    const { state, clock, counts } = this.#context;
    const writes = plan.writes();
    const counted = plan.counts();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const counting = await counts.writes(counted, clock.now());
      const all = [...writes, ...counting];
      const answer = await state.transact(all);
      if (answer.kind === 'written') {
        counts.written(counting);
        return undefined;
      }
      counts.forget();
      const failed = answer.at.map((at) => all[at]!).filter((write) => !counting.includes(write));
      if (failed.length > 0) return failed;
    }
    throw new StorageError('the counts of enrichment cannot be written: others change them all the time');
  }

  /** Parks the records of an entity that refer to what is not there. */
  async #parkMissing({ records, checks }: EntityPlan, failed: readonly StateWrite[]): Promise<void> {
    const isMissing = (parent: EntityKey) => {
      const { partition, sort } = entityPlace(parent);
      return failed.some((write) => {
        const isAbsent = write.kind === 'check' && write.expect === 'present';
        return isAbsent && write.partition === partition && write.sort === sort;
      });
    };
    if (!checks.some(isMissing)) return;
    for (const record of records) {
      const missing = record.references.filter(isMissing).map(({ kind, key }) => ({ kind, key }));
      if (missing.length > 0) await this.#park(record, missing);
    }
  }
}

/** A record whose derive would read what is not there. */
function unreadOf({
  valid,
  read,
}: EnrichedRecord): { readonly valid: ValidRecord; readonly missing: readonly EntityKey[] } | undefined {
  const names = new Set(read.map(entityName));
  const missing = valid.references.filter((parent) => parent.isRead && !names.has(entityName(parent)));
  if (missing.length === 0) return undefined;
  return { valid, missing: missing.map(({ kind, key }) => ({ kind, key })) };
}

/** What is kept of it, without the names that it is kept under. */
function documentIn({ kind: _, key: __, revision: ___, ...document }: Entity): EntityDocument {
  return document;
}

/** How many kinds stand above a kind: what it refers to is stored first. */
function depthsOf({ enrichers }: Pick<EnrichmentStores, 'enrichers'>): Map<string, number> {
  const depths = new Map<string, number>();
  // As many rounds as kinds: those that refer to each other in a circle end with some order.
  for (const _ of enrichers) {
    for (const { kind, references } of enrichers) {
      const above = references.filter((reference) => reference.kind !== kind);
      depths.set(kind, Math.max(0, ...above.map((parent) => (depths.get(parent.kind) ?? 0) + 1)));
    }
  }
  return depths;
}
