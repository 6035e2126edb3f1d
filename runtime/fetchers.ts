import type { Fetcher } from '../core/fetch/fetcher.ts';
import { createPermitStore } from '../core/fetch/permit-store.ts';
import { createPoliteFetcher } from '../core/fetch/polite-fetcher.ts';
import { createRateLimiter } from '../core/fetch/rate-limiter.ts';
import { createRobotsCache } from '../core/fetch/robots.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { HttpClient } from '../core/ports/http-client.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { Source } from '../core/source/source.ts';
import type { SourceSettings } from './settings.ts';

/**
 * A polite fetcher for each source; all of them share one client, one rate limiter and one memory of
 * robots.txt. Delays and pauses are kept in the state: every process that works on it shares them.
 */
export function openFetchers(
  settings: readonly SourceSettings[],
  clock: Clock,
  client: HttpClient,
  state: StateStore,
): {
  of(source: Source): Fetcher;
  /** Milliseconds for which the host of the source still rests. */
  pausedMs(source: Source): number;
  close(): Promise<void>;
} {
  const shared = {
    client,
    clock,
    rateLimiter: createRateLimiter({ clock, permits: createPermitStore({ state, clock }) }),
    robots: createRobotsCache({ clock }),
  };
  const fetchers = new Map(
    settings.map(({ source, allowPrivateOrigin }): [string, Fetcher] => [
      source.name,
      createPoliteFetcher({
        ...shared,
        politeness: source.politeness,
        limits: source.limits,
        rateLimitStatuses: source.outcomes.rateLimitStatuses,
        rateLimitPauseMs: source.retry.intervalSeconds * 1000,
        ...(allowPrivateOrigin !== undefined && { allowPrivateOrigin }),
      }),
    ]),
  );
  return {
    of: (source) => fetchers.get(source.name)!,
    pausedMs: ({ baseUrl }) => shared.rateLimiter.pausedMs(new URL(baseUrl).host),
    close: () => client.close(),
  };
}
