import { redirectTarget } from '../http/redirect.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpClient, HttpExchange, HttpFailure, PrivateAddresses } from '../ports/http-client.ts';
import type { FetchLimits, Politeness } from '../source/source-policy.ts';
import type { Route, SentBy } from './fetcher.ts';
import type { Pace } from './permit.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { RequestSlots } from './request-slots.ts';

/** What every single request to a site goes out with: pages, their redirects, and robots.txt. */
export interface HopOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  /** Shared by every fetcher of a run. */
  readonly rateLimiter: RateLimiter;
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
}

/** Redirects that a fetch follows (design, section 13). */
export const MAX_REDIRECTS = 5;

/** Why this address may not be asked at all, before any question of robots.txt or of what it resolves to. */
export function addressPolicy(url: URL | null, from?: URL): Outcome | undefined {
  if (url === null) return refused('not an absolute address');
  const via = from === undefined ? '' : `redirect from ${from.origin} to ${url.protocol}//${url.host}: `;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refused(`${via}scheme ${url.protocol}`);
  // Never sent, but they would stand in every record of the attempt.
  if (url.username !== '' || url.password !== '') return refused(`${via}credentials in the address`);
  // What was asked for over TLS would be open to change by anybody on the way.
  if (from?.protocol === 'https:' && url.protocol === 'http:') return refused(`${via}leaves https`);
  return undefined;
}

/** Where an exchange sends us; undefined where it is the end of the way. */
export function nextOf(exchange: HttpExchange): URL | undefined {
  return exchange.kind === 'response' ? redirectTarget(exchange) : undefined;
}

/** Why no response came, as the outcome of whatever was asked for. */
export function failureOf({ code, message, rule }: HttpFailure): Outcome {
  return { code, message, ...(rule && { rule }) };
}

/** The pace of a site, slowed down to what its robots.txt asks for; milliseconds. */
export function paceOf({ politeness, slots }: HopOptions, crawlDelayMs = 0): Pace {
  const { concurrency, minDelayMs } = politeness;
  return { concurrency, minDelayMs: Math.max(minDelayMs, crawlDelayMs), ...(slots && { slots }) };
}

/** A route as it goes on record: without anything that the proxy is told. */
export function sentBy(route: Route | undefined): SentBy | undefined {
  return route && { proxy: route.proxy?.id ?? null, userAgent: route.userAgent };
}

/**
 * Which addresses that are not public a request may reach, as the operator has said: the origin of his own
 * base URL may lie anywhere, and where he opens his network every host may lie in it.
 */
export function privateAddressesFor(
  url: URL,
  allowed: Pick<HopOptions, 'allowPrivateOrigin' | 'allowPrivateNetwork'>,
): PrivateAddresses {
  if (url.origin === allowed.allowPrivateOrigin) return 'any';
  return allowed.allowPrivateNetwork ? 'network' : 'none';
}

export function refused(message: string): Outcome {
  return { code: 'REFUSED', message };
}
