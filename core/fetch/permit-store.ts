import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import { Collection } from '../state/collection.ts';

/** What all processes know of one host; milliseconds since the epoch, 0 for never. */
const entrySchema = z.object({
  /** The last start that was given out; it may lie ahead. */
  lastStartAt: z.number(),
  /** Nobody starts before that. */
  pausedUntil: z.number(),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * Request starts and pauses per host, shared by every process that works on one state store: see
 * `RateLimiter`. All times are milliseconds since the epoch. Everything rejects with what the store rejects
 * with. The times given out are exact; starts are as exact as timers fire, and as the clocks of two machines
 * agree.
 */
export interface PermitStore {
  /**
   * The time at which the caller may start one request: not before `notBefore`, nor before a pause is over,
   * and `minDelayMs` after the last start given out to anybody. It is the caller's alone, whether it is used
   * or not.
   */
  reserve(host: string, minDelayMs: number, notBefore?: number): Promise<number>;
  /** Lets nobody start before `until`, at most five minutes from now; a longer pause that is there stays. */
  pause(host: string, until: number): Promise<void>;
  /** Until when somebody paused the host, 0 for never. Reads only. */
  pausedUntil(host: string): Promise<number>;
}

export interface PermitStoreOptions {
  readonly state: StateStore;
  readonly clock: Clock;
}

const LONGEST_PAUSE_MS = 300_000;

/**
 * A time further ahead than this is not believed. It was written by a clock that ran fast or jumped (a
 * virtual machine, a battery, a test), and waiting for it would stop the site for hours. Left out rather than
 * cut to now + 15 minutes: what is cut at every reading moves on with the clock and is never over. Honest
 * times stay far below: a pause, and behind it one start for each process, 30 s apart at the most
 * (`Crawl-delay`).
 */
const LONGEST_AHEAD_MS = 900_000;

const PARTITION = 'hosts';

/**
 * The sort key of a host: the host of a URL as it is (`a.example`, `[::1]:8080`). DynamoDB takes 1 to 1,024
 * bytes, and a URL may hold more than DNS allows (253 characters and a port); whatever could not be a key
 * goes by its digest.
 */
function sortKey(host: string): string {
  if (/^[\x21-\x7e]{1,300}$/.test(host)) return host;
  return `sha256:${createHash('sha256').update(host).digest('hex')}`;
}

export function createPermitStore({ state, clock }: PermitStoreOptions): PermitStore {
  // Alone at a site, a process writes once for each request and reads nothing before it. (Documents that were
  // all deleted meanwhile may have come back to the same revision; that costs one delay that is too short.)
  const hosts = new Collection(state, (value) => entrySchema.parse(value), { remembers: true });
  const placeOf = (host: string) => ({ partition: PARTITION, sort: sortKey(host) });

  const believed = (at: number) => (at > clock.now() + LONGEST_AHEAD_MS ? 0 : at);
  const entryOf = (entry: Entry | undefined): Entry => ({
    lastStartAt: believed(entry?.lastStartAt ?? 0),
    pausedUntil: believed(entry?.pausedUntil ?? 0),
  });

  const update = async (host: string, change: (before: Entry) => Entry | undefined): Promise<void> => {
    await hosts.update(placeOf(host), (before) => change(entryOf(before)));
  };

  return {
    reserve: async (host, minDelayMs, notBefore = 0) => {
      let startAt = 0;
      await update(host, ({ lastStartAt, pausedUntil }) => {
        startAt = Math.max(clock.now(), notBefore, pausedUntil, lastStartAt + minDelayMs);
        return { lastStartAt: startAt, pausedUntil };
      });
      return startAt;
    },
    pause: (host, until) =>
      update(host, ({ lastStartAt, pausedUntil }) => {
        const end = Math.min(until, clock.now() + LONGEST_PAUSE_MS);
        return end > pausedUntil ? { lastStartAt, pausedUntil: end } : undefined;
      }),
    pausedUntil: async (host) => entryOf(await hosts.get(placeOf(host))).pausedUntil,
  };
}
