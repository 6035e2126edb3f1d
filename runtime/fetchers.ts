import type { Fetcher } from '../core/fetch/fetcher.ts';
import { createHostClock } from '../core/fetch/host-clock.ts';
import { createPoliteFetcher } from '../core/fetch/polite-fetcher.ts';
import { createRobotsCache } from '../core/fetch/robots.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { HttpClient } from '../core/ports/http-client.ts';
import type { Source } from '../core/source/source.ts';
import type { SourceSettings } from './settings.ts';

/** A polite fetcher for each source; all of them share one client, one host clock and one memory of robots.txt. */
export function openFetchers(
  settings: readonly SourceSettings[],
  clock: Clock,
  client: HttpClient,
): { of(source: Source): Fetcher; close(): Promise<void> } {
  const shared = {
    client,
    clock,
    hostClock: createHostClock({ clock }),
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
  return { of: (source) => fetchers.get(source.name)!, close: () => client.close() };
}
