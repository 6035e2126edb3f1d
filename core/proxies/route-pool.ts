import type { Route, SentBy } from '../fetch/fetcher.ts';
import { isProxyFailure, type Outcome } from '../outcome/outcome.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProxyServer } from '../ports/http-client.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Politeness } from '../source/source-policy.ts';
import { ProxyRests } from './proxy-rests.ts';

export interface RoutePoolOptions {
  readonly source: string;
  readonly politeness: Politeness;
  /** Asked once. It rejects where the list cannot be read: then nothing is sent. @default no proxies */
  readonly proxies?: () => Promise<readonly ProxyServer[]>;
  readonly state: StateStore;
  readonly clock: Clock;
}

/** What a target has had so far, and what it is not to have again. */
export interface RouteRequest {
  readonly proxy: string | null;
  readonly userAgent: string | null;
  /** Proxies that a wall was met through in this run. */
  readonly walled: ReadonlySet<string>;
  /** Proxies that have failed themselves a moment ago. */
  readonly failed: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The proxies and the User-Agents of one source, and who takes which. A target keeps its own while they work;
 * new ones are dealt out in order. Resting proxies come last, the one first whose rest ends first: no request
 * ever waits for a rest, and none goes straight because a proxy fails.
 */
export class RoutePool {
  readonly #politeness: Politeness;
  readonly #load: () => Promise<readonly ProxyServer[]>;
  readonly #rests: ProxyRests;
  #proxies: Promise<readonly ProxyServer[]> | undefined;
  #dealt = 0;
  #dealtUserAgents = 0;

  constructor({ source, politeness, proxies = async () => [], state, clock }: RoutePoolOptions) {
    this.#politeness = politeness;
    this.#load = proxies;
    this.#rests = new ProxyRests(state, clock, source);
  }

  /** Their ids, in order. */
  async ids(): Promise<readonly string[]> {
    return (await this.#all()).map(({ id }) => id);
  }

  async choose(request: RouteRequest): Promise<Route> {
    const proxy = await this.#proxyFor(request);
    return { ...(proxy && { proxy }), userAgent: this.#userAgentFor(request.userAgent) };
  }

  /** For requests of no target; undefined where all proxies are among these. */
  async any(failed: ReadonlySet<string>): Promise<Route | undefined> {
    const all = await this.#all();
    if (all.length > 0 && all.every(({ id }) => failed.has(id))) return undefined;
    return this.choose({ proxy: all[0]?.id ?? null, userAgent: null, walled: NONE, failed });
  }

  /** The next User-Agent in order, after a wall. */
  userAgentAfter(userAgent: string): string {
    const { userAgents = [] } = this.#politeness;
    return userAgents[(userAgents.indexOf(userAgent) + 1) % userAgents.length] ?? this.#politeness.userAgent;
  }

  /** Puts on record what an answer says of the proxy that brought it. */
  async note({ proxy }: SentBy, outcome: Outcome, target: string): Promise<void> {
    if (proxy === null) return;
    const isWall = outcome.code === 'BLOCKED' || outcome.code === 'BLOCKED_PROXY';
    if (!isWall && !isProxyFailure(outcome)) {
      // What is wrong behind the proxy, without any answer, says nothing of it.
      if (!UNANSWERED.has(outcome.code)) await this.#rests.worked(proxy);
      return;
    }
    const reason = isWall ? outcome.code : (outcome.rule ?? outcome.code);
    await this.#rests.failed(proxy, { reason, ...((isWall || mayBeTheSite(outcome)) && { target }) });
  }

  #all(): Promise<readonly ProxyServer[]> {
    this.#proxies ??= this.#load();
    // A secret that could not be read is asked for again.
    this.#proxies.catch(() => {
      this.#proxies = undefined;
    });
    return this.#proxies;
  }

  async #proxyFor({ proxy, walled, failed }: RouteRequest): Promise<ProxyServer | undefined> {
    const all = await this.#all();
    if (all.length === 0) return undefined;
    const resting = await this.#rests.resting();
    const own = all.findIndex(({ id }) => id === proxy);
    const start = own >= 0 ? own : this.#dealt++ % all.length;
    const rank = ({ id }: ProxyServer) => [walled.has(id), failed.has(id), resting.get(id) ?? 0].map(Number);
    const inOrder = all.map((_, at) => all[(start + at) % all.length]!);
    return inOrder.reduce((best, each) => (isLess(rank(each), rank(best)) ? each : best));
  }

  #userAgentFor(current: string | null): string {
    const { userAgent, userAgents = [] } = this.#politeness;
    if (userAgents.length === 0) return userAgent;
    if (current !== null && userAgents.includes(current)) return current;
    return userAgents[this.#dealtUserAgents++ % userAgents.length]!;
  }
}

const UNANSWERED: ReadonlySet<string> = new Set(['TIMEOUT', 'NETWORK_ERROR', 'REFUSED']);
/** What a proxy says, or does, that cannot reach a site which is down. */
const MAY_BE_THE_SITE: ReadonlySet<string> = new Set(['proxy/tunnel', 'proxy/timeout']);

export function mayBeTheSite({ rule }: Pick<Outcome, 'rule'>): boolean {
  return rule !== undefined && MAY_BE_THE_SITE.has(rule);
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && a[at]! < b[at]!;
}
