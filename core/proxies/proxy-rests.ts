import * as z from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import { Collection, type Place } from '../state/collection.ts';

/** When a proxy rests, in one table; times in milliseconds. */
export const REST_POLICY = {
  /** Failures in a row. */
  afterFailures: 3,
  firstMs: 5 * 60_000,
  /** Each rest is twice as long as the one before, up to this. */
  longestMs: 60 * 60_000,
  /** What other processes have written is looked at this often. */
  lookEveryMs: 5000,
} as const;

const schema = lazily(() =>
  z.object({
    proxy: z.string(),
    failuresInRow: z.int(),
    /** Targets among these failures that may be to blame themselves: each counts once. */
    targets: z.array(z.string()),
    /** Rests since it worked last. */
    rests: z.int(),
    /** Milliseconds; 0 for never. */
    restsUntil: z.number(),
    lastFailureAt: z.number(),
    lastReason: z.string(),
  }),
);
export type ProxyRecord = z.infer<ReturnType<typeof schema>>;

/**
 * A failure through a proxy. `target`: where the site or the target may be to blame (a wall, a site that the
 * proxy cannot reach); the same one twice says nothing more of the proxy. `reason`: a rule or a code.
 */
export interface ProxyFailure {
  readonly reason: string;
  readonly target?: string;
}

/** The record after one more failure at this time; undefined where it changes nothing. Milliseconds. */
export function afterProxyFailure(
  before: ProxyRecord | undefined,
  proxy: string,
  { reason, target }: ProxyFailure,
  now: number,
): ProxyRecord | undefined {
  const { failuresInRow = 0, targets = [], rests = 0 } = before ?? {};
  // What was on its way when the rest began says nothing new.
  if (before && restingUntil(before, now) > now) return undefined;
  if (target !== undefined && targets.includes(target)) return undefined;
  const failed = { proxy, failuresInRow: failuresInRow + 1, lastFailureAt: now, lastReason: reason };
  if (failed.failuresInRow < REST_POLICY.afterFailures)
    return {
      ...failed,
      targets: target === undefined ? targets : [...targets, target],
      rests,
      restsUntil: 0,
    };
  const restMs = Math.min(REST_POLICY.firstMs * 2 ** rests, REST_POLICY.longestMs);
  // After a rest the same targets may show that it is no better.
  return { ...failed, targets: [], rests: rests + 1, restsUntil: now + restMs };
}

/** 0 where it does not rest. A time that only a clock that ran ahead can have written is not believed. */
export function restingUntil({ restsUntil }: ProxyRecord, now: number): number {
  return restsUntil > now && restsUntil <= now + REST_POLICY.longestMs ? restsUntil : 0;
}

/** Which proxies of a source rest, shared by every process that works on one state store. */
export class ProxyRests {
  readonly #records: Collection<ProxyRecord>;
  readonly #partition: string;
  readonly #clock: Clock;
  #known = new Map<string, ProxyRecord>();
  #lookedAt: number | undefined;

  constructor(state: StateStore, clock: Clock, source: string) {
    this.#records = new Collection(state, (value) => schema().parse(value));
    this.#partition = `proxies#${source}`;
    this.#clock = clock;
  }

  /** Until when each proxy rests that does; milliseconds. */
  async resting(): Promise<ReadonlyMap<string, number>> {
    const now = this.#clock.now();
    await this.#look(now);
    const resting = [...this.#known].map(([id, record]) => [id, restingUntil(record, now)] as const);
    return new Map(resting.filter(([, until]) => until > 0));
  }

  async failed(proxy: string, failure: ProxyFailure): Promise<void> {
    const after = await this.#records.update(this.#placeOf(proxy), (before) =>
      afterProxyFailure(before, proxy, failure, this.#clock.now()),
    );
    if (after) this.#known.set(proxy, after);
  }

  /** Ends its row of failures; writes nothing where there is none. */
  async worked(proxy: string): Promise<void> {
    await this.#look(this.#clock.now());
    if (!this.#known.delete(proxy)) return;
    await this.#records.remove(this.#placeOf(proxy));
  }

  async #look(now: number): Promise<void> {
    const since = this.#lookedAt === undefined ? Number.POSITIVE_INFINITY : now - this.#lookedAt;
    if (since >= 0 && since < REST_POLICY.lookEveryMs) return;
    this.#lookedAt = now;
    const known = new Map<string, ProxyRecord>();
    for await (const record of this.#records.list(this.#partition)) known.set(record.proxy, record);
    this.#known = known;
  }

  #placeOf(proxy: string): Place {
    return { partition: this.#partition, sort: proxy };
  }
}
