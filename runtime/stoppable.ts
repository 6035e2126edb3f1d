import type { Fetcher } from '../core/fetch/fetcher.ts';
import type { Platform } from '../core/platform.ts';

/**
 * The platform itself, which asks no site any more once the signal is aborted: requests that wait for their
 * turn are dropped, and those on their way get a few seconds to come.
 */
export function stoppable<P extends Platform>(platform: P, signal: AbortSignal | undefined): P {
  if (signal === undefined) return platform;
  return {
    ...platform,
    fetcherFor: (source): Fetcher => {
      const fetcher = platform.fetcherFor(source);
      return {
        reach: (url) => fetcher.reach(url, signal),
        fetch: (request) => fetcher.fetch({ ...request, signal }),
      };
    },
  };
}
