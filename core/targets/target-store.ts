import type { Clock } from '../ports/clock.ts';
import type { Json, StateStore, StateWrite } from '../ports/state-store.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';
import { Collection } from '../state/collection.ts';
import { type ClaimAnswer, type ClaimRequest, judgeClaim } from './claim.ts';
import { indexWrites, skippedOf } from './indexes.ts';
import { recordPlace, TARGETS } from './keys.ts';
import {
  isSkipped,
  newDocument,
  newTarget,
  type TargetFlag,
  type TargetRecord,
  targetSchema,
} from './target.ts';
import { BY_ITSELF, type ChangedBy, eventsBetween, eventWrites } from './target-events.ts';

/** What is done to one record of several; may run more than once. */
export interface TargetChange {
  readonly target: string;
  change(record: TargetRecord): TargetRecord;
}

/** The targets of a state store. */
export class TargetStore {
  readonly #state: StateStore;
  readonly #targets: Collection<TargetRecord>;
  /** What was read last: a scrape reads the record of its target for each page, and it seldom changes. */
  #last: { readonly text: string; readonly record: TargetRecord } | undefined;

  constructor(state: StateStore) {
    this.#state = state;
    this.#targets = new Collection(state, (value) => targetSchema().parse(value));
  }

  async get(source: string, target: string): Promise<TargetRecord> {
    const { partition, sort } = recordPlace(source, target);
    const document = await this.#state.get(partition, sort);
    return this.#recordOf(document?.value ?? newDocument(source, target));
  }

  #recordOf(value: Json): TargetRecord {
    const text = JSON.stringify(value);
    if (this.#last?.text !== text) this.#last = { text, record: targetSchema().parse(value) };
    return this.#last.record;
  }

  /** Why the target is skipped; null where it is not. */
  async flagOf(source: string, target: string): Promise<TargetFlag | null> {
    const { skip } = await this.get(source, target);
    return skip && { ...skip, target };
  }

  /** In the order of their ids; those of one source are read page by page, without a request for each. */
  list(source?: string): AsyncGenerator<TargetRecord> {
    return this.#targets.list(TARGETS, source === undefined ? {} : { prefix: `${source}#` });
  }

  /** The targets of a source that are flagged, by its index. */
  skipped(source: string): AsyncGenerator<TargetFlag> {
    return skippedOf(this.#state, source);
  }

  /**
   * Changes a record, in one transaction with the events of its transitions and its places in the indexes;
   * `change` may run more than once, and the same record leaves all as it is. `once` is written with it:
   * false where that is there already, because the change was made before.
   */
  async update(
    source: string,
    target: string,
    change: (record: TargetRecord) => TargetRecord,
    by: ChangedBy,
    once?: StateWrite,
  ): Promise<boolean> {
    const { isDone } = await this.#targets.updateWith(
      recordPlace(source, target),
      (stored) => {
        const before = stored ?? newTarget(source, target);
        const after = change(before);
        return after === before && !once ? undefined : after;
      },
      (after, stored, revision) => followingWrites(stored, after, by, revision),
      once,
    );
    return isDone;
  }

  /**
   * Changes many records as `update` does, several in one transaction each: what an import of thousands
   * needs. Those of a transaction that somebody else was faster in are changed one by one.
   */
  async updateMany(source: string, changes: readonly TargetChange[], by: ChangedBy): Promise<void> {
    let group: { readonly one: TargetChange; readonly writes: readonly StateWrite[] }[] = [];
    const flush = async () => {
      const together = group;
      group = [];
      if (together.length === 0) return;
      if ((await this.#state.write(together.flatMap(({ writes }) => writes))) === 'written') return;
      for (const { one } of together) await this.update(source, one.target, one.change, by);
    };
    for (const one of changes) {
      const place = recordPlace(source, one.target);
      const document = await this.#state.get(place.partition, place.sort);
      const stored = document && targetSchema().parse(document.value);
      const before = stored ?? newTarget(source, one.target);
      const after = one.change(before);
      if (after === before) continue;
      const revision = document?.revision ?? 0;
      const writes: StateWrite[] = [
        { kind: 'put', ...place, value: after, expect: document ? revision : 'absent' },
        ...followingWrites(stored, after, by, revision + 1),
      ];
      const count = group.reduce((sum, { writes: ofOne }) => sum + ofOne.length, writes.length);
      const isTwice = group.some(({ one: { target } }) => target === one.target);
      if (count > MAX_WRITES || isTwice) await flush();
      group.push({ one, writes });
    }
    await flush();
  }

  /**
   * Claims a target for the crawl of a run, in one conditional write. See `judgeClaim`. The clock is read
   * after the record: a process that was held up in between takes nobody's times for those of a clock that
   * ran ahead.
   */
  async claim(
    source: string,
    target: string,
    request: Omit<ClaimRequest, 'now'>,
    clock: Pick<Clock, 'now'>,
  ): Promise<ClaimAnswer> {
    let answer: ClaimAnswer | undefined;
    await this.update(
      source,
      target,
      (record) => {
        answer = judgeClaim(record, { ...request, now: clock.now() });
        return answer.record;
      },
      { actor: BY_ITSELF, at: clock.now() },
    );
    return answer!;
  }
}

/** What is written with a record that changes. */
function followingWrites(
  stored: TargetRecord | undefined,
  after: TargetRecord,
  by: ChangedBy,
  revision: number,
): StateWrite[] {
  const before = stored ?? newTarget(after.source, after.target);
  return [...eventWrites(eventsBetween(before, after, by), revision), ...indexWrites(stored, after)];
}

/**
 * Answers why a target is skipped, null where it is not or its flag has expired; each is looked up once.
 * `now`: milliseconds.
 */
export function flagLookup(
  state: StateStore,
  now: number,
): (of: { readonly source: string; readonly target: string }) => Promise<string | null> {
  const targets = new TargetStore(state);
  const known = new Map<string, Promise<string | null>>();
  return ({ source, target }) => {
    const name = `${source}#${target}`;
    const flag = known.get(name) ?? targets.get(source, target).then((record) => flagIn(record, now));
    known.set(name, flag);
    return flag;
  };
}

function flagIn(record: TargetRecord, now: number): string | null {
  return isSkipped(record, now) ? record.skip!.reason : null;
}
