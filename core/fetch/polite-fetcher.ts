import { headerValue } from '../http/headers.ts';
import { redirectTarget } from '../http/redirect.ts';
import { leadsToBlock } from '../outcome/block-rules.ts';
import { isProxyFailure, type Outcome, type OutcomeCode } from '../outcome/outcome.ts';
import { retryAfterMs } from '../outcome/retry-after.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpClient, HttpExchange, HttpResponse } from '../ports/http-client.ts';
import type { FetchLimits, Politeness } from '../source/source.ts';
import { AbortGrace, CUT_OFF } from './abort-grace.ts';
import type { Fetcher, FetchRequest, FetchResult, Reach, RobotsRequest, Route, SentBy } from './fetcher.ts';
import { addressPolicy, MAX_REDIRECTS, privateAddressesFor, refused, sentBy } from './hop.ts';
import type { Permit, RateLimiter } from './rate-limiter.ts';
import type { RequestSlots } from './request-slots.ts';
import type { RobotsCache, RobotsCheck } from './robots.ts';
import { loadRobots } from './robots-loader.ts';

export interface PoliteFetcherOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  /** Shared by every fetcher of a run. */
  readonly rateLimiter: RateLimiter;
  /** Shared by every fetcher of a run. */
  readonly robots: RobotsCache;
  readonly politeness: Politeness;
  readonly limits: FetchLimits;
  /**
   * The one origin (`http://127.0.0.1:8080`) that may lie at a private address: the operator's own base URL.
   */
  readonly allowPrivateOrigin?: string;
  /** Every host may lie in a private network. @default false */
  readonly allowPrivateNetwork?: boolean;
  /** Bounds the requests that are under way over all hosts. @default no bound */
  readonly slots?: RequestSlots;
  /** Statuses that make the whole host pause. @default [429] */
  readonly rateLimitStatuses?: readonly number[];
  /** Milliseconds of that pause where the site names none. @default 2000, the first wait of a retry */
  readonly rateLimitPauseMs?: number;
  /**
   * How requests go that bring no route of their own, without the proxies that have just failed: undefined
   * where none is left. @default straight
   */
  readonly route?: (failed: ReadonlySet<string>) => Promise<Route | undefined>;
}

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

/**
 * A site that is not there to be asked: tried again later, and told apart from one that answers with an
 * error.
 */
const NOBODY_THERE: ReadonlySet<OutcomeCode> = new Set(['NETWORK_ERROR', 'TIMEOUT', 'REFUSED']);

async function reach(options: PoliteFetcherOptions, url: URL, signal?: AbortSignal): Promise<Reach> {
  const { robots, politeness } = options;
  if (politeness.robots === 'ignore') return { kind: 'reached' };
  const failed = new Set<string>();
  let check: RobotsCheck | 'aborted';
  let route = await options.route?.(failed);
  for (;;) {
    check = await robots.check(url, politeness.userAgent, loader(options, url, route), signal);
    if (check === 'aborted') return { kind: 'dropped' };
    if (!failedBy(check) || !route?.proxy) break;
    failed.add(route.proxy.id);
    const next = await options.route?.(failed);
    if (!next) break;
    route = next;
  }
  const { permission, request } = check;
  const asked = request === undefined ? {} : { robots: request };
  return permission.kind === 'unreachable' && NOBODY_THERE.has(permission.outcome.code)
    ? { kind: 'unreached', outcome: permission.outcome, ...asked }
    : { kind: 'reached', ...asked };
}

/** Whether it was a proxy that kept the file from being read. */
function failedBy({ permission }: RobotsCheck): boolean {
  return permission.kind === 'unreachable' && isProxyFailure(permission.outcome);
}

const loader = (options: PoliteFetcherOptions, url: URL, route?: Route) => (signal: AbortSignal) =>
  loadRobots(options, url.origin, signal, route);

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
  /** A redirect has turned a POST into a GET: what it was sent with is left behind. */
  #isTurned = false;
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
      if (exchange.kind === 'failed') {
        const { code, message, rule } = exchange;
        return this.#failed({ code, message, ...(rule && { rule }) });
      }
      const next = nextOf(exchange);
      if (next === undefined) return { ...this.#facts(), kind: 'response', response: exchange };
      if (this.#redirects === MAX_REDIRECTS) {
        return this.#failed({ code: 'NETWORK_ERROR', message: `more than ${MAX_REDIRECTS} redirects` });
      }
      const refusedHop = addressPolicy(next, url);
      if (refusedHop !== undefined) return this.#notFollowed(refusedHop, exchange);
      this.#redirects++;
      this.#isTurned ||= turnsIntoGet(exchange, this.#request);
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
    const check = await robots.check(url, userAgent, loader(this.#options, url, route), signal);
    if (check === 'aborted') throw DROPPED;
    this.#robots = check.request ?? this.#robots;
    if (signal.aborted) throw DROPPED;
    return check;
  }

  async #send(url: URL, firstOrigin: string, crawlDelayMs: number): Promise<HttpExchange> {
    const { client, clock, rateLimiter, limits } = this.#options;
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
        ...this.#sent(),
        headers: this.#headers(url.origin === firstOrigin),
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
      const pauseMs = hostPauseMs(this.#options, exchange);
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
    const { rateLimiter, politeness, slots } = this.#options;
    const minDelayMs = Math.max(politeness.minDelayMs, crawlDelayMs);
    const { permission } = this.#request;
    const confirm = async () => {
      if (await permission?.isWithdrawn()) this.#drop.abort(DROPPED);
    };
    const pace = { concurrency: politeness.concurrency, minDelayMs, ...(slots && { slots }) };
    return rateLimiter.acquire(host, pace, this.#drop.signal, permission && confirm);
  }

  #sent(): Pick<FetchRequest, 'method' | 'body'> {
    const { method, body } = this.#request;
    if (this.#isTurned) return {};
    return { ...(method && { method }), ...(body !== undefined && { body }) };
  }

  #headers(sameOrigin: boolean): Record<string, string> {
    const { etag, lastModified } = this.#request.validators ?? {};
    return {
      'User-Agent': this.#route?.userAgent ?? this.#options.politeness.userAgent,
      Accept: 'text/html,application/xhtml+xml,application/json;q=0.9,application/xml;q=0.9,*/*;q=0.8',
      // gzip first: captures keep the body as it came, and every tool that reads WARC reads gzip.
      'Accept-Encoding': 'gzip, br;q=0.8, zstd;q=0.8',
      ...this.#ownHeaders(sameOrigin),
      ...(sameOrigin && etag !== undefined ? { 'If-None-Match': etag } : {}),
      ...(sameOrigin && lastModified !== undefined ? { 'If-Modified-Since': lastModified } : {}),
    };
  }

  #ownHeaders(sameOrigin: boolean): Record<string, string> {
    const own = Object.entries(this.#request.headers ?? {});
    const ofBody = (name: string) => name.toLowerCase() === 'content-type';
    return Object.fromEntries(own.filter(([name]) => (ofBody(name) ? !this.#isTurned : sameOrigin)));
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
      return this.#failed({ code: 'NETWORK_ERROR', message: 'stopped before a redirect was followed' });
    return { kind: 'dropped', ...(this.#robots === undefined ? {} : { robots: this.#robots }) };
  }

  #failed(outcome: Outcome): FetchResult {
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

/** 303 always asks for the page with GET; 301 and 302 do so for a POST (RFC 9110, section 15.4). */
function turnsIntoGet(exchange: HttpExchange, { method = 'GET' }: FetchRequest): boolean {
  return method === 'POST' && exchange.kind === 'response' && [301, 302, 303].includes(exchange.status);
}

function nextOf(exchange: HttpExchange): URL | undefined {
  return exchange.kind === 'response' ? redirectTarget(exchange) : undefined;
}

/** Milliseconds for which this answer asks the whole host to be left alone. */
function hostPauseMs(options: PoliteFetcherOptions, exchange: HttpExchange): number | undefined {
  if (exchange.kind === 'failed') return undefined;
  const { rateLimitStatuses = [429], rateLimitPauseMs = 2000, clock } = options;
  const { status, headers } = exchange;
  const hasHeader = headerValue(headers, 'retry-after') !== undefined;
  const isLimit = status === 429 || rateLimitStatuses.includes(status) || (status === 503 && hasHeader);
  // Whatever it says, it was too fast: a shorter wait than the usual one is none.
  return isLimit ? Math.max(retryAfterMs(headers, clock.now()) ?? 0, rateLimitPauseMs) : undefined;
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
