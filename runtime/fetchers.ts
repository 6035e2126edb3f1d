import type { Fetcher } from '../core/fetch/fetcher.ts';
import { createPermitStore } from '../core/fetch/permit-store.ts';
import { createPoliteFetcher } from '../core/fetch/polite-fetcher.ts';
import { createRateLimiter } from '../core/fetch/rate-limiter.ts';
import { RequestSlots } from '../core/fetch/request-slots.ts';
import { createRobotsCache } from '../core/fetch/robots.ts';
import { sharingAnswers } from '../core/fetch/shared-answers.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { HttpClient, ProxyServer } from '../core/ports/http-client.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import { RoutePool } from '../core/proxies/route-pool.ts';
import type { Source } from '../core/source/source.ts';
import { requestsAtOnceOf } from '../core/source/source-policy.ts';
import type { SourceSettings } from './settings.ts';

/** The proxies that a secret lists. Rejects where it cannot be read, or lists something else. */
type ReadSecret = (arn: string) => Promise<readonly ProxyServer[]>;

async function noSecrets(arn: string): Promise<never> {
  throw new Error(`nobody reads secrets here, and ${arn} is one`);
}

/**
 * A polite fetcher for each source; all of them share one client, one rate limiter and one memory of
 * robots.txt. Delays and pauses are kept in the state: every process that works on it shares them.
 */
export function openFetchers(
  settings: readonly SourceSettings[],
  clock: Clock,
  client: HttpClient,
  state: StateStore,
  readSecret: ReadSecret = noSecrets,
): {
  of(source: Source): Fetcher;
  /** Undefined for a source whose requests all go straight, under one User-Agent. */
  routesOf(source: Source): Promise<RoutePool | undefined>;
  /** Milliseconds for which the host of the source still rests; 0 where it has many. */
  pausedMs(source: Source): number;
  close(): Promise<void>;
} {
  const shared = {
    client,
    clock,
    rateLimiter: createRateLimiter({ clock, permits: createPermitStore({ state, clock }) }),
    robots: createRobotsCache({ clock }),
  };
  const pools = new Map(
    settings.flatMap(({ source, proxies, proxiesSecret }): [string, RoutePool][] => {
      const { name, politeness } = source;
      if (!proxies && proxiesSecret === undefined && !politeness.userAgents) return [];
      const listed = async () => (proxiesSecret === undefined ? (proxies ?? []) : readSecret(proxiesSecret));
      return [[name, new RoutePool({ source: name, politeness, proxies: listed, state, clock })]];
    }),
  );
  const routeOf = (source: Source) => {
    const pool = pools.get(source.name);
    return pool && { route: (failed: ReadonlySet<string>) => pool.any(failed) };
  };
  const fetchers = new Map(
    settings.map(({ source, allowPrivateOrigin, allowPrivateNetwork }): [string, Fetcher] => [
      source.name,
      createPoliteFetcher({
        ...shared,
        politeness: source.politeness,
        limits: source.limits,
        rateLimitStatuses: source.outcomes.rateLimitStatuses,
        rateLimitPauseMs: source.retry.intervalSeconds * 1000,
        slots: new RequestSlots(requestsAtOnceOf(source.politeness)),
        ...(allowPrivateOrigin !== undefined && { allowPrivateOrigin }),
        ...routeOf(source),
        ...(allowPrivateNetwork && { allowPrivateNetwork }),
      }),
    ]),
  );
  return {
    of: (source) => fetchers.get(source.name)!,
    routesOf: async (source) => pools.get(source.name),
    pausedMs: ({ baseUrl }) =>
      baseUrl === undefined ? 0 : shared.rateLimiter.pausedMs(new URL(baseUrl).host),
    close: () => client.close(),
  };
}

/** The same where one process scrapes many partitions: those that ask the same of a site share the answer. */
export function openSharingFetchers(
  settings: readonly SourceSettings[],
  clock: Clock,
  client: HttpClient,
  state: StateStore,
): ReturnType<typeof openFetchers> {
  const fetchers = openFetchers(settings, clock, client, state);
  const sharing = new Map(
    settings.map(({ source }) => [source.name, sharingAnswers(fetchers.of(source), clock)]),
  );
  return { ...fetchers, of: ({ name }) => sharing.get(name)! };
}
