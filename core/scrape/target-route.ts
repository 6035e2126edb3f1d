import type { ChooseRoute, SentBy } from '../fetch/fetcher.ts';
import type { PartitionJob } from '../job.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { isProxyFailure, type Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import type { Clock } from '../ports/clock.ts';
import { mayBeTheSite, type RoutePool } from '../proxies/route-pool.ts';
import type { TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import type { TargetStore } from '../targets/target-store.ts';

type RouteRecord = Pick<TargetRecord, 'currentProxyId' | 'currentUserAgent' | 'proxyWalls'>;

/** An outcome with what the other proxies of the pool make of it. */
export interface Weighed {
  readonly outcome: Outcome;
  /** True: the page is asked for again at once, through the next proxy. */
  readonly again: boolean;
}

/** Where so many proxies say that they cannot reach a site, it is asked again later like any other. */
const UNREACHED_AT_ONCE = 3;

/**
 * Which proxy and which User-Agent the requests of one target have, in one scrape; of a source with proxies
 * or several User-Agents.
 */
export class TargetRoute {
  readonly #pool: RoutePool;
  /** Of the proxies, in order. */
  readonly #ids: readonly string[];
  readonly #store: TargetStore;
  readonly #clock: Clock;
  readonly #place: { readonly source: string; readonly target: string; readonly runId: string };
  readonly #walled = new Set<string>();
  readonly #failed = new Set<string>();
  /** Proxies in a row that could not reach the site. */
  #unreached = 0;
  #proxy: string | null;
  #userAgent: string | null;
  #moved = false;

  private constructor(
    { source, runId, platform }: PartitionJob,
    pool: RoutePool,
    ids: readonly string[],
    store: TargetStore,
    record: TargetRecord,
  ) {
    this.#pool = pool;
    this.#ids = ids;
    this.#store = store;
    this.#clock = platform.clock;
    this.#place = { source: source.name, target: record.target, runId };
    this.#proxy = record.currentProxyId;
    this.#userAgent = record.currentUserAgent;
    this.follow(record);
  }

  /** Undefined where the source has nothing to choose from. */
  static async open(
    context: PartitionJob,
    store: TargetStore,
    record: TargetRecord,
  ): Promise<TargetRoute | undefined> {
    const pool = await context.platform.routesFor?.(context.source);
    return pool && new TargetRoute(context, pool, await pool.ids(), store, record);
  }

  readonly choose: ChooseRoute = async () => {
    const route = await this.#pool.choose({
      proxy: this.#proxy,
      userAgent: this.#userAgent,
      walled: this.#walled,
      failed: this.#failed,
    });
    this.#proxy = route.proxy?.id ?? null;
    this.#userAgent = route.userAgent;
    return route;
  };

  /** Takes over what this run has on record: a process may have died before it could write it. */
  resume({
    outcome,
    attempt,
  }: {
    readonly outcome: Outcome;
    readonly attempt: Pick<AttemptRow, 'proxy'>;
  }): void {
    if (outcome.code === 'BLOCKED_PROXY' && attempt.proxy != null) this.#walled.add(attempt.proxy);
  }

  /** Takes over what another process or partition has written. */
  follow({ currentProxyId, currentUserAgent, proxyWalls }: RouteRecord): void {
    if (proxyWalls?.runId === this.#place.runId) for (const id of proxyWalls.proxies) this.#walled.add(id);
    // What was found here and is not written yet is newer.
    if (this.#moved) return;
    this.#proxy = currentProxyId ?? this.#proxy;
    this.#userAgent = currentUserAgent ?? this.#userAgent;
  }

  /** Whether the store has to be told of what `weigh` found. */
  get hasMoved(): boolean {
    return this.#moved;
  }

  /**
   * A wall is BLOCKED_PROXY while there is a proxy that this run has not met one through, and BLOCKED at the
   * last; what a proxy failed at is tried through each of the others once.
   */
  weigh(outcome: Outcome, by: SentBy | undefined): Weighed {
    if (!by) return { outcome, again: false };
    const { proxy } = by;
    if (outcome.code === 'BLOCKED') return this.#walledBy(outcome, by);
    if (proxy === null) return { outcome, again: false };
    if (!isProxyFailure(outcome)) {
      this.#failed.delete(proxy);
      this.#unreached = 0;
      return { outcome, again: false };
    }
    this.#failed.add(proxy);
    this.#leave(proxy);
    if (mayBeTheSite(outcome) && ++this.#unreached >= UNREACHED_AT_ONCE) return { outcome, again: false };
    return { outcome, again: this.#ids.some((id) => !this.#walled.has(id) && !this.#failed.has(id)) };
  }

  /** Writes where the target has moved to, and what an answer says of its proxy. */
  async settle(outcome: Outcome, by: SentBy | undefined): Promise<void> {
    if (!by) return;
    const { source, target, runId } = this.#place;
    if (this.#moved) {
      const moved = { currentProxyId: this.#proxy, currentUserAgent: this.#userAgent };
      const walled = [...this.#walled];
      this.#moved = false;
      const changedBy = { actor: BY_ITSELF, at: this.#clock.now() };
      const change = (record: TargetRecord): TargetRecord => {
        const { proxyWalls } = record;
        const known = proxyWalls?.runId === runId ? proxyWalls.proxies : [];
        const proxies = [...new Set([...known, ...walled])];
        return { ...record, ...moved, proxyWalls: proxies.length > 0 ? { runId, proxies } : proxyWalls };
      };
      await this.#store.update(source, target, change, changedBy);
    }
    await this.#pool.note(by, outcome, target);
  }

  #walledBy(outcome: Outcome, { proxy, userAgent }: SentBy): Weighed {
    if (userAgent === this.#userAgent) this.#userAgent = this.#pool.userAgentAfter(userAgent);
    this.#moved = true;
    if (proxy === null) return { outcome, again: false };
    this.#walled.add(proxy);
    this.#leave(proxy);
    if (this.#ids.every((id) => this.#walled.has(id))) return { outcome, again: false };
    return { outcome: { ...outcome, code: 'BLOCKED_PROXY' }, again: true };
  }

  /** On to the next in order; a late answer through one that was left already moves nothing. */
  #leave(proxy: string): void {
    if (proxy !== this.#proxy || this.#ids.length < 2) return;
    const others = this.#ids.map(
      (_, at) => this.#ids[(this.#ids.indexOf(proxy) + 1 + at) % this.#ids.length]!,
    );
    this.#proxy = others.find((id) => !this.#walled.has(id) && !this.#failed.has(id)) ?? others[0]!;
    this.#moved = true;
  }
}

/**
 * The record after attempts that went by a route: the last that came through is the one that the target
 * keeps, unless this run has met a wall through it.
 */
export function keepingRoute(
  record: TargetRecord,
  attempts: readonly AttemptRow[],
  rotates: boolean,
): TargetRecord {
  const walled = new Set(record.proxyWalls?.proxies);
  const good = attempts.findLast(
    ({ error_code, proxy }) =>
      DISPOSITIONS[error_code].counts === 'success' && !(proxy != null && walled.has(proxy)),
  );
  if (!good) return record;
  const { proxy = null, user_agent = null } = good;
  return { ...record, currentProxyId: proxy, currentUserAgent: rotates ? user_agent : null };
}
