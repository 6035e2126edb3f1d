import { leadsToBlock } from '../outcome/block-rules.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { HttpExchange, HttpResponse } from '../ports/http-client.ts';
import { AbortGrace, CUT_OFF } from './abort-grace.ts';
import type { Fetcher, FetchRequest, FetchResult, RobotsRequest, Route, SentBy } from './fetcher.ts';
import {
  addressPolicy,
  failureOf,
  MAX_REDIRECTS,
  nextOf,
  paceOf,
  privateAddressesFor,
  refused,
  sentBy,
} from './hop.ts';
import { hostPauseMs, type PausePolicy } from './host-pause.ts';
import { becomesGet, messageOf } from './page-message.ts';
import type { Permit } from './permit.ts';
import { type ReachOptions, reach } from './reach.ts';
import type { RobotsCheck } from './robots.ts';
import { loadRobots } from './robots-loader.ts';

export type PoliteFetcherOptions = ReachOptions & PausePolicy;

/**
 * Asks the way a guest should: robots.txt first, at the pace of the host, redirects taken one by one with
 * every check made again. Cookies are not kept: a page that needs them is not one that this crawler is
 * invited to.
 *
 * Outcomes of its own: REFUSED (address, scheme, credentials in the URL, robots.txt, a redirect from https to
 * http; but a redirect to a wall that may not be followed is the response itself), NETWORK_ERROR for more
 * than five redirects (loops come and go with a site's sessions, so it is tried again), what the client
 * reports, and for a robots.txt that cannot be read the reason of that. A request that was on its way when
 * the signal was aborted ends as TIMEOUT where it does not come within five seconds: it was sent, so it is an
 * attempt. `fetch` rejects only where the store of permits is out of reach, or with what `isWithdrawn`
 * rejects with.
 */
export function createPoliteFetcher(options: PoliteFetcherOptions): Fetcher {
  return {
    fetch: (request) => new PoliteFetch(options, request).run(),
    reach: (url, signal) => reach(options, new URL(url), signal),
  };
}

const NONE: ReadonlySet<string> = new Set();

/** What a fetch stops itself with. */
const DROPPED = new Error('dropped before it was sent');

class PoliteFetch {
  readonly #options: PoliteFetcherOptions;
  readonly #request: FetchRequest;
  #startedAt: number | undefined;
  #waitedMs = 0;
  #spentMs = 0;
  #redirects = 0;
  /** A redirect has made a GET of a POST: what it was sent with is left behind. */
  #isGetNow = false;
  #robots: RobotsRequest | undefined;
  /** Since the first request went out: redirects go the same way. */
  #route: Route | undefined;
  #by: SentBy | undefined;
  /** Aborted: nothing more is sent. */
  readonly #drop = new AbortController();
  readonly #grace: AbortGrace;

  constructor(options: PoliteFetcherOptions, request: FetchRequest) {
    this.#options = options;
    this.#request = request;
    this.#grace = new AbortGrace(options.clock, request.signal);
  }

  async run(): Promise<FetchResult> {
    const { signal, permission } = this.#request;
    const reasons = [signal, permission?.withdrawn].filter((each) => each !== undefined);
    const drop = () => this.#drop.abort(DROPPED);
    for (const each of reasons) each.addEventListener('abort', drop, { once: true });
    try {
      if (reasons.some(({ aborted }) => aborted)) return this.#dropped();
      return await this.#follow();
    } catch (error) {
      if (error === DROPPED) return this.#dropped();
      if (error === CUT_OFF) return this.#failed({ code: 'TIMEOUT', message: CUT_OFF.message });
      throw error;
    } finally {
      this.#grace.end();
      for (const each of reasons) each.removeEventListener('abort', drop);
    }
  }

  async #follow(): Promise<FetchResult> {
    const first = URL.parse(this.#request.url);
    const refusal = addressPolicy(first);
    if (first === null || refusal !== undefined) return this.#failed(refusal ?? refused('no address'));
    let url = first;
    let redirect: HttpResponse | undefined;
    for (;;) {
      const check = await this.#permission(url);
      if (check.permission.kind !== 'allowed') {
        if (check.permission.kind === 'unreachable') this.#by = check.permission.by ?? this.#by;
        return this.#notFollowed(outcomeOf(check, url), redirect);
      }
      const exchange = await this.#send(url, first.origin, check.permission.crawlDelayMs ?? 0);
      if (exchange.kind === 'failed') return this.#failed(failureOf(exchange));
      const next = nextOf(exchange);
      if (next === undefined) return { ...this.#facts(), kind: 'response', response: exchange };
      if (this.#redirects === MAX_REDIRECTS) {
        return this.#failed({ code: 'NETWORK_ERROR', message: `more than ${MAX_REDIRECTS} redirects` });
      }
      const refusedHop = addressPolicy(next, url);
      if (refusedHop !== undefined) return this.#notFollowed(refusedHop, exchange);
      this.#redirects++;
      this.#isGetNow ||= becomesGet(exchange, this.#request);
      redirect = exchange;
      url = next;
    }
  }

  async #permission(url: URL): Promise<RobotsCheck> {
    const { robots, politeness } = this.#options;
    if (politeness.robots === 'ignore') return { permission: { kind: 'allowed' } };
    const { signal } = this.#drop;
    const { userAgent } = politeness;
    const route = this.#isRouted ? await this.#chooseRoute() : undefined;
    // Whatever name goes over the wire, the file is read under the source's own.
    const load = (each: AbortSignal) => loadRobots(this.#options, url.origin, each, route);
    const check = await robots.check(url, userAgent, load, signal);
    if (check === 'aborted') throw DROPPED;
    this.#robots = check.request ?? this.#robots;
    if (signal.aborted) throw DROPPED;
    return check;
  }

  async #send(url: URL, firstOrigin: string, crawlDelayMs: number): Promise<HttpExchange> {
    const { client, clock, rateLimiter, limits, politeness } = this.#options;
    const { permission } = this.#request;
    const permit = await this.#permit(url.host, crawlDelayMs);
    if (this.#drop.signal.aborted) {
      permit.release();
      throw DROPPED;
    }
    this.#waitedMs += permit.waitedMs;
    let startedAt = clock.now();
    try {
      if (this.#isRouted) {
        this.#route = await this.#chooseRoute();
        this.#by = sentBy(this.#route);
        startedAt = clock.now();
      }
      const proxy = this.#route?.proxy;
      const exchange = await client.send({
        url: url.href,
        ...messageOf(this.#request, this.#route?.userAgent ?? politeness.userAgent, {
          isFirstOrigin: url.origin === firstOrigin,
          isGetNow: this.#isGetNow,
        }),
        limits: {
          ...limits,
          totalMs: Math.max(1, limits.totalMs - this.#spentMs),
          maxWireBytes: limits.maxDecodedBytes,
        },
        privateAddresses: privateAddressesFor(url, this.#options),
        signal: this.#grace.signal,
        onSent: permit.sent,
        ...(proxy && { proxy }),
      });
      this.#spentMs += clock.now() - startedAt;
      // Refused means that no connection was made.
      if (exchange.kind === 'response' || exchange.code !== 'REFUSED') this.#startedAt ??= startedAt;
      const pauseMs = hostPauseMs(this.#options, exchange, clock.now());
      if (pauseMs !== undefined) rateLimiter.penalise(url.host, pauseMs);
      if (nextOf(exchange) === undefined) permission?.onAnswer();
      return exchange;
    } catch (error) {
      // On its way and given up: an attempt like any other.
      if (error === CUT_OFF) this.#startedAt ??= startedAt;
      throw error;
    } finally {
      permit.release();
    }
  }

  get #isRouted(): boolean {
    return this.#request.route !== undefined || this.#options.route !== undefined;
  }

  async #chooseRoute(): Promise<Route | undefined> {
    if (this.#route) return this.#route;
    const { route } = this.#request;
    return route ? route() : this.#options.route?.(NONE);
  }

  #permit(host: string, crawlDelayMs: number): Promise<Permit> {
    const { permission } = this.#request;
    const confirm = async () => {
      if (await permission?.isWithdrawn()) this.#drop.abort(DROPPED);
    };
    const pace = paceOf(this.#options, crawlDelayMs);
    return this.#options.rateLimiter.acquire(host, pace, this.#drop.signal, permission && confirm);
  }

  /**
   * Where the redirect's address is that of a wall, the redirect is the answer: it says all there is to know.
   */
  #notFollowed(outcome: Outcome, redirect: HttpResponse | undefined): FetchResult {
    if (redirect === undefined || !leadsToBlock(redirect)) return this.#failed(outcome);
    return { ...this.#facts(), kind: 'response', response: redirect };
  }

  /** Behind a redirect something was sent already: that is an attempt, which has no end. */
  #dropped(): FetchResult {
    if (this.#startedAt !== undefined)
      return {
        ...this.#failed({ code: 'NETWORK_ERROR', message: 'stopped before a redirect was followed' }),
        wasStopped: true,
      };
    return { kind: 'dropped', ...(this.#robots === undefined ? {} : { robots: this.#robots }) };
  }

  #failed(outcome: Outcome): Extract<FetchResult, { kind: 'failed' }> {
    return { ...this.#facts(), kind: 'failed', requestSent: this.#startedAt !== undefined, outcome };
  }

  #facts() {
    const now = this.#options.clock.now();
    return {
      startedAt: this.#startedAt ?? now,
      finishedAt: now,
      waitedMs: this.#waitedMs,
      redirects: this.#redirects,
      ...(this.#by && { by: this.#by }),
      ...(this.#robots === undefined ? {} : { robots: this.#robots }),
    };
  }
}

function outcomeOf(check: RobotsCheck, url: URL): Outcome {
  const { permission } = check;
  if (permission.kind === 'unreachable') return permission.outcome;
  const pattern = permission.kind === 'forbidden' ? permission.pattern : '';
  return {
    ...refused(`robots.txt of ${url.host} forbids it: Disallow: ${pattern}`),
    rule: 'robots/disallow',
  };
}
