import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import { Collection, type Place } from '../state/collection.ts';

/** What all processes know of one host; milliseconds since the epoch, 0 for never. */
const entrySchema = z.object({
  /** The last start that was given out; it may lie ahead. */
  lastStartAt: z.number(),
  /** Nobody starts before that. */
  pausedUntil: z.number(),
});
type Entry = z.infer<typeof entrySchema>;

/** The hosts of one document, by name. */
export const pacesSchema = z.record(z.string(), entrySchema);

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
   * or not. `unused`: one that was given to the caller and passed; it is moved where it is still the last.
   */
  reserve(host: string, minDelayMs: number, notBefore?: number, unused?: number): Promise<number>;
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

/**
 * What lies this far back holds nobody any more: it is the longest delay that can be set. Hosts of which
 * there is nothing else are left out at the next write.
 */
const LONGEST_DELAY_MS = 3_600_000;

/**
 * Documents in which the hosts are kept, each by the digest of its name: as many as these however many hosts
 * were ever asked, and enough that processes which ask hundreds at once seldom write the same.
 */
const DOCUMENTS = 4096;

/** Each in a partition of its own: a partition of DynamoDB takes a thousand writes a second. */
export function placeOf(host: string): Place {
  const number = createHash('sha256').update(nameOf(host)).digest().readUInt32BE() % DOCUMENTS;
  return { partition: `hosts#${number.toString(16).padStart(3, '0')}`, sort: 'paces' };
}

/** As a document has it: no host is called as objects are from within (`__proto__`). */
const nameOf = (host: string) => `//${host.toWellFormed()}`;

export function createPermitStore({ state, clock }: PermitStoreOptions): PermitStore {
  // Alone at a site, a process writes once for each request and reads nothing before it. (Documents that were
  // all deleted meanwhile may have come back to the same revision; that costs one delay that is too short.)
  const hosts = new Collection(state, (value) => pacesSchema.parse(value), { remembers: true });

  const believed = (at: number) => (at > clock.now() + LONGEST_AHEAD_MS ? 0 : at);
  const entryOf = (paces: Readonly<Record<string, Entry>> | undefined, host: string): Entry => {
    const entry = paces && Object.hasOwn(paces, host) ? paces[host] : undefined;
    return {
      lastStartAt: believed(entry?.lastStartAt ?? 0),
      pausedUntil: believed(entry?.pausedUntil ?? 0),
    };
  };
  const holdsSomebody = ({ lastStartAt, pausedUntil }: Entry) =>
    Math.max(lastStartAt + LONGEST_DELAY_MS, pausedUntil) > clock.now();

  const update = async (host: string, change: (before: Entry) => Entry | undefined): Promise<void> => {
    const name = nameOf(host);
    await hosts.update(placeOf(host), (before = {}) => {
      const entry = change(entryOf(before, name));
      if (!entry) return undefined;
      const others = Object.keys(before)
        .filter((other) => other !== name)
        .map((other) => [other, entryOf(before, other)] as const)
        .filter(([, other]) => holdsSomebody(other));
      return Object.fromEntries([...others, [name, entry]]);
    });
  };

  return {
    reserve: async (host, minDelayMs, notBefore = 0, unused) => {
      let startAt = 0;
      await update(host, ({ lastStartAt, pausedUntil }) => {
        const afterLast = lastStartAt === unused ? 0 : lastStartAt + minDelayMs;
        startAt = Math.max(clock.now(), notBefore, pausedUntil, afterLast);
        return { lastStartAt: startAt, pausedUntil };
      });
      return startAt;
    },
    pause: (host, until) =>
      update(host, ({ lastStartAt, pausedUntil }) => {
        const end = Math.min(until, clock.now() + LONGEST_PAUSE_MS);
        return end > pausedUntil ? { lastStartAt, pausedUntil: end } : undefined;
      }),
    pausedUntil: async (host) => {
      return entryOf(await hosts.get(placeOf(host)), nameOf(host)).pausedUntil;
    },
  };
}
