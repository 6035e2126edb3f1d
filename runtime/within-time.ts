import { systemClock } from '../adapters/local/system-clock.ts';
import type { Permission } from '../core/fetch/fetcher.ts';
import type { Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';

/**
 * Does work that asks sites, for as long as there is time. When that is over, no request is sent any more,
 * whatever it waited for: its robots.txt, the pace of its host, a pause of minutes. What waits then is
 * dropped, for the next call; what was sent is let come. `leftMs`: milliseconds until then, negative
 * afterwards. `clock`: by which it comes.
 */
export async function withinTime<Answer>(
  platform: Platform,
  leftMs: () => number,
  work: (platform: Platform, mustStop: () => boolean) => Promise<Answer>,
  clock: Clock = systemClock,
): Promise<Answer> {
  const over = new AbortController();
  const ended = new AbortController();
  const mustStop = () => over.signal.aborted || leftMs() < 0;
  clock.sleep(Math.max(0, leftMs()), ended.signal).then(
    () => over.abort(),
    () => undefined,
  );
  try {
    return await work(sendingUntil(platform, over.signal, mustStop), mustStop);
  } finally {
    ended.abort();
  }
}

/** The platform itself, which sends nothing new once time is over. */
function sendingUntil(platform: Platform, over: AbortSignal, mustStop: () => boolean): Platform {
  const within = (permission: Permission | undefined): Permission => ({
    withdrawn: permission ? AbortSignal.any([permission.withdrawn, over]) : over,
    isWithdrawn: async () => mustStop() || (permission?.isWithdrawn() ?? false),
    onAnswer: () => permission?.onAnswer(),
  });
  return {
    ...platform,
    fetcherFor: (source) => {
      const fetcher = platform.fetcherFor(source);
      return {
        ...fetcher,
        fetch: (request) => fetcher.fetch({ ...request, permission: within(request.permission) }),
      };
    },
  };
}
