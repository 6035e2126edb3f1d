import type { VersionDescriptor } from '../lake/version.ts';
import type { Clock } from '../ports/clock.ts';

/** Clocks of two machines may differ by this much, and nobody need be told. Milliseconds. */
const TOLERANCE_MS = 60_000;

/**
 * When pages were looked at, as far as their order goes: a hybrid logical clock. It gives the time on the
 * wall, except where that is no later than a look that is known already, because the clock ran ahead once or
 * was set back since: then the millisecond after that one. So what a scrape reads is later than all that it
 * could know of, and never undone by it.
 */
export class LookClock {
  readonly #clock: Clock;
  /** The latest look that is known; milliseconds. */
  #known: number;
  #given = 0;
  #now: number;

  constructor(clock: Clock, known: number) {
    this.#clock = clock;
    this.#known = known;
    this.#now = clock.now();
  }

  /** The order of a look that has just ended and was begun at this time of the wall; milliseconds. */
  order(startedAt: number): number {
    const now = this.#clock.now();
    // Set back under way: what was read before stays earlier than what is read from now on.
    if (now < this.#now - TOLERANCE_MS) this.#known = Math.max(this.#known, this.#given);
    this.#now = now;
    const order = startedAt > this.#known ? startedAt : this.#known + 1;
    this.#given = Math.max(this.#given, order);
    return order;
  }
}

/** The latest look that a version holds; milliseconds, 0 for none. */
export function lastLookOf(version: VersionDescriptor | undefined): number {
  return (version?.items ?? []).reduce(
    (last, { checkedAt }) => Math.max(last, checkedAt),
    version?.index.checkedAt ?? 0,
  );
}

/** That the clock is behind what is on record: it ran ahead then, or was set back since. Milliseconds. */
export interface ClockBehind {
  readonly kind: 'clock-behind';
  readonly now: number;
  readonly known: number;
}

/** What people are told where the clock is behind what was done already; undefined where it is not. */
export function clockBehind(now: number, known: number): ClockBehind | undefined {
  return known > now + TOLERANCE_MS ? { kind: 'clock-behind', now, known } : undefined;
}
