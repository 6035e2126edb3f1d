import type { Clock } from '../../core/ports/clock.ts';

/** A clock that nobody waits for: whoever sleeps finds it set forward. `behindMs`: how late it starts. */
export function skippingClock(clock: Clock, behindMs: number): Clock {
  let skippedMs = -behindMs;
  return {
    now: () => clock.now() + skippedMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      skippedMs += ms;
    },
  };
}
