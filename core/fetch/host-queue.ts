import type { Clock } from '../ports/clock.ts';
import type { Pace, Permit } from './permit.ts';

/** Hosts that are known at once, before those are forgotten that nothing more is to be known of. */
const MOST_HOSTS = 1024;

/** Milliseconds by which any timer may be late. */
const LEAST_LATE_MS = 5;

/** A time before all others. */
export const NEVER = Number.NEGATIVE_INFINITY;

/** Who waits for a permit. Times are milliseconds since the epoch. */
export interface Waiter {
  readonly pace: Pace;
  readonly since: number;
  readonly grant: (permit: Permit) => void;
  readonly refuse: (error: unknown) => void;
  readonly confirm: (() => Promise<void>) | undefined;
  /** Since it slept last. */
  isConfirmed: boolean;
  /** When the permit store lets it start. It goes with the waiter: one that is aborted leaves a gap. */
  reserved?: number;
  /** A start that the permit store gave out and that passed: it may be moved. */
  passed?: number;
  /** Since it slept last. */
  hasMoved: boolean;
  /** It holds one of `pace.slots`. */
  hasSlot: boolean;
}

/** Who waits for one host, and what holds it. Times are milliseconds since the epoch. */
export class HostQueue {
  readonly host: string;
  active = 0;
  lastStartAt = NEVER;
  pausedUntil = NEVER;
  /** The clock when it was last looked at. */
  now = NEVER;
  readonly waiting: Waiter[] = [];
  /** Set while one sleep runs for the head of the queue. */
  sleeping: AbortController | undefined;
  /** While the permit store, or the head of the queue itself, is asked. */
  asking = false;
  /** While its head waits for a slot. */
  awaitsSlot = false;
  /** Milliseconds that whoever asked last keeps between two starts. */
  minDelayMs = 0;
  /** When the permit store was last asked, if nobody has slept since. */
  askedAt = NEVER;
  /** The end of a pause that the permit store does not have yet. */
  untold = NEVER;

  constructor(host: string) {
    this.host = host;
  }

  /** Nothing is under way or waits, and whoever comes next finds no trace of those before. */
  isIdle(now: number): boolean {
    if (this.active > 0 || this.waiting.length > 0 || this.asking || this.awaitsSlot) return false;
    return Math.max(this.lastStartAt + this.minDelayMs, this.pausedUntil, this.untold) <= now;
  }

  /**
   * Where the clock was set back, what was noted before would hold the host for as long: it goes back by as
   * much.
   */
  followClock(now: number): void {
    const back = this.now - now;
    this.now = now;
    if (back <= 0) return;
    this.lastStartAt -= back;
    this.pausedUntil -= back;
    this.untold -= back;
    this.askedAt -= back;
    for (const waiter of this.waiting) if (waiter.reserved !== undefined) waiter.reserved -= back;
  }
}

/**
 * Whether it would start so much later than it was given out (timers fire late where a process is busy) that
 * another process, which was given the next start, would come too soon behind it.
 */
export function isLate({ reserved, hasMoved, pace }: Waiter, now: number): boolean {
  if (reserved === undefined || hasMoved) return false;
  return now - reserved > Math.max(LEAST_LATE_MS, pace.minDelayMs / 20);
}

/** Gives up the start that the permit store gave out, for a later one. */
export function moveStart(waiter: Waiter): void {
  waiter.passed = waiter.reserved ?? waiter.passed;
  waiter.reserved = undefined;
}

/** Again is harmless. */
export function releaseSlot(waiter: Waiter): void {
  if (!waiter.hasSlot) return;
  waiter.hasSlot = false;
  waiter.pace.slots?.release();
}

/** The queues of all hosts that are asked, or that a request was sent to a moment ago. */
export class HostQueues {
  readonly #hosts = new Map<string, HostQueue>();
  readonly #clock: Clock;
  #most = MOST_HOSTS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(host: string): HostQueue {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    if (this.#hosts.size >= this.#most) this.#forgetIdle();
    const queue = new HostQueue(host);
    this.#hosts.set(host, queue);
    return queue;
  }

  /** Undefined where nothing is known of the host; makes no queue for it. */
  known(host: string): HostQueue | undefined {
    return this.#hosts.get(host);
  }

  #forgetIdle(): void {
    const now = this.#clock.now();
    for (const [host, queue] of this.#hosts) if (queue.isIdle(now)) this.#hosts.delete(host);
    // Where most of them are in use, looking through them for each that comes would take longer and longer.
    this.#most = Math.max(MOST_HOSTS, 2 * this.#hosts.size);
  }
}
