import type { Fetcher } from '../fetch/fetcher.ts';
import type { Platform } from '../platform.ts';

/**
 * The platform itself, on which retries share requests as the partitions of one run do: each retry is a run
 * of its own, and those of one day need the same index.
 */
export function askingTogether<P extends Platform>(platform: P): P {
  const run = platform.newId();
  return {
    ...platform,
    fetcherFor: (source): Fetcher => {
      const fetcher = platform.fetcherFor(source);
      return {
        reach: (url, signal) => fetcher.reach(url, signal),
        fetch: ({ sharing, ...request }) =>
          fetcher.fetch(sharing ? { ...request, sharing: { ...sharing, run } } : request),
      };
    },
  };
}
