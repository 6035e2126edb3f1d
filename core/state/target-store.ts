import * as z from 'zod';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS, type VerdictPolicy, verdictFor } from '../outcome/policy.ts';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { Collection, type Place } from './collection.ts';

const skipSchema = z.object({
  /**
   * `security_block_one_attempt`, `auto_flag_3_blocks`, `auto_flag_4_not_found`, or an operator's own words.
   */
  reason: z.string(),
  actor: z.string(),
  /** Milliseconds. */
  since: z.number(),
});
export type SkipFlag = z.infer<typeof skipSchema>;
/** A flag and whose it is. */
export type TargetFlag = SkipFlag & { readonly target: string };

const targetSchema = z.object({
  source: z.string(),
  target: z.string(),
  skip: skipSchema.nullable(),
  consecutiveBlocks: z.int(),
  consecutiveNotFound: z.int(),
  totalAttempts: z.int(),
  totalSuccesses: z.int(),
  lastAttemptAt: z.number().nullable(),
  lastSuccessAt: z.number().nullable(),
  lastFailureAt: z.number().nullable(),
  lastErrorCode: z.string().nullable(),
  /** The latest look at a page of it, as looks are ordered (`LookClock`); no time for people. 0 for none. */
  lastLookAt: z.number().default(0),
  /** Of a target that was registered; null of one in the code. */
  attributes: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .nullable()
    .default(null),
  /**
   * When it is due next, where its source scrapes each target by itself. Set when it is claimed: a crawl that
   * is lost strands nobody.
   */
  nextCrawlAt: z.number().nullable().default(null),
});

/** The reliability record of a target. Times in milliseconds. */
export type TargetRecord = z.infer<typeof targetSchema>;

export function newTarget(source: string, target: string): TargetRecord {
  return {
    source,
    target,
    skip: null,
    consecutiveBlocks: 0,
    consecutiveNotFound: 0,
    totalAttempts: 0,
    totalSuccesses: 0,
    lastAttemptAt: null,
    lastSuccessAt: null,
    lastFailureAt: null,
    lastErrorCode: null,
    lastLookAt: 0,
    attributes: null,
    nextCrawlAt: null,
  };
}

/**
 * The record before attempts are counted that were made at `times`, the last look among them at `lastLookAt`.
 * Where that look had to be put after its own time, a clock ran ahead before: times that it left do not hide
 * the new ones. Milliseconds.
 */
export function lookedAtLast(
  record: TargetRecord,
  lastLookAt: number,
  times: readonly number[],
): TargetRecord {
  const next = { ...record, lastLookAt: Math.max(record.lastLookAt, lastLookAt) };
  if (lastLookAt <= Math.max(...times)) return next;
  const first = Math.min(...times);
  const believed = (at: number | null) => (at === null ? null : Math.min(at, first));
  return {
    ...next,
    lastAttemptAt: believed(record.lastAttemptAt),
    lastSuccessAt: believed(record.lastSuccessAt),
    lastFailureAt: believed(record.lastFailureAt),
  };
}

/**
 * What an attempt does to the record, and the flag that it raises where a threshold is reached. An index that
 * could be read ends no streak: it is there every day, also where none of the pages that it lists is.
 */
export function afterAttempt(
  record: TargetRecord,
  outcome: Outcome,
  at: number,
  policy: VerdictPolicy,
  page: 'index' | 'item',
): TargetRecord {
  const { counts } = DISPOSITIONS[outcome.code];
  const success = counts === 'success';
  const endsStreaks = success && page === 'item';
  const decision = verdictFor(outcome, policy, record);
  const isLastFailure = !success && at >= (record.lastFailureAt ?? 0);
  return {
    ...record,
    consecutiveBlocks: endsStreaks ? 0 : record.consecutiveBlocks + (counts === 'block' ? 1 : 0),
    consecutiveNotFound: endsStreaks ? 0 : record.consecutiveNotFound + (counts === 'not-found' ? 1 : 0),
    totalAttempts: record.totalAttempts + 1,
    totalSuccesses: record.totalSuccesses + (success ? 1 : 0),
    // Partitions are finalized in any order: what is last is told by the clock.
    lastAttemptAt: Math.max(record.lastAttemptAt ?? 0, at),
    lastSuccessAt: success ? Math.max(record.lastSuccessAt ?? 0, at) : record.lastSuccessAt,
    lastFailureAt: isLastFailure ? at : record.lastFailureAt,
    lastErrorCode: isLastFailure ? outcome.code : record.lastErrorCode,
    skip:
      record.skip ??
      (decision.verdict === 'skip' ? { reason: decision.flag, actor: 'rescrape', since: at } : null),
  };
}

const PARTITION = 'targets';
const sortKey = (source: string, target: string) => `${source}#${target}`;

/** The targets of a state store. */
export class TargetStore {
  readonly #targets: Collection<TargetRecord>;

  constructor(state: StateStore) {
    this.#targets = new Collection(state, (value) => targetSchema.parse(value));
  }

  async get(source: string, target: string): Promise<TargetRecord> {
    return (await this.#targets.get(placeOf(source, target))) ?? newTarget(source, target);
  }

  /** Why the target is skipped; null where it is not. */
  async flagOf(source: string, target: string): Promise<TargetFlag | null> {
    const { skip } = await this.get(source, target);
    return skip && { ...skip, target };
  }

  list(source?: string): AsyncGenerator<TargetRecord> {
    return this.#targets.list(PARTITION, source === undefined ? {} : { prefix: `${source}#` });
  }

  /**
   * Changes a record; `change` may run more than once. `alongside` is written in the same transaction: false
   * where that is there already, because the change was made before.
   */
  async update(
    source: string,
    target: string,
    change: (record: TargetRecord) => TargetRecord,
    alongside?: StateWrite,
  ): Promise<boolean> {
    const place = placeOf(source, target);
    const changed = (before: TargetRecord | undefined) => change(before ?? newTarget(source, target));
    if (alongside) return this.#targets.updateOnce(place, changed, () => alongside);
    await this.#targets.update(place, changed);
    return true;
  }
}

function placeOf(source: string, target: string): Place {
  return { partition: PARTITION, sort: sortKey(source, target) };
}

/** Answers why a target is skipped, null where it is not; each is looked up once. */
export function flagLookup(
  state: StateStore,
): (of: { readonly source: string; readonly target: string }) => Promise<string | null> {
  const register = new TargetStore(state);
  const known = new Map<string, Promise<string | null>>();
  return ({ source, target }) => {
    const name = sortKey(source, target);
    const flag = known.get(name) ?? register.get(source, target).then(({ skip }) => skip?.reason ?? null);
    known.set(name, flag);
    return flag;
  };
}
