import type { Clock } from '../ports/clock.ts';
import type { PermitStore } from './permit-store.ts';
import type { RequestSlots } from './request-slots.ts';

/** How fast one host may be asked. */
export interface Pace {
  /** Requests of this process under way at once. */
  readonly concurrency: number;
  /** Milliseconds between two starts; with a permit store, between those of all processes. */
  readonly minDelayMs: number;
  /** Bounds what is under way over all hosts; held from the permit to its release. @default no bound */
  readonly slots?: RequestSlots;
}

/** Leave to send one request. `release` must be called once the exchange is over; again is harmless. */
export interface Permit {
  /** Milliseconds spent waiting for it. */
  readonly waitedMs: number;
  /**
   * The request leaves now. A process that is busy may have kept it back since the permit: what comes next to
   * the host is kept at its distance from here.
   */
  sent(): void;
  release(): void;
}

/** Paces requests per host over a whole run, whichever source or worker sends them. */
export interface RateLimiter {
  /**
   * Permits are given in the order of asking. Rejects with the signal's reason when it is aborted first, and
   * with what the permit store rejects with where that cannot be asked: then nothing may be sent, and the
   * next one in the queue asks again. `confirm` is the last thing that is awaited before the permit is given,
   * so it comes after every sleep; whoever must not start any more aborts its signal in it. What it rejects
   * with, `acquire` rejects with.
   */
  acquire(host: string, pace: Pace, signal?: AbortSignal, confirm?: () => Promise<void>): Promise<Permit>;
  /**
   * No request to the host starts for the next `ms` milliseconds (clamped); a longer pause already in force
   * stays. It holds here at once, and in other processes as soon as the permit store has it. Nobody waits for
   * that: the answer that asked for the pause has to be recorded whatever the permit store says. What could
   * not be written is written before the next permit is given, and that permit's `acquire` rejects if it
   * fails again.
   */
  penalise(host: string, ms: number): void;
  /** Milliseconds until a pause of the host that is known here is over; 0 where there is none. */
  pausedMs(host: string): number;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Milliseconds; a site cannot stop a run for longer with one Retry-After. @default 60000 */
  readonly maxPenaltyMs?: number;
  /** Shares delays and pauses with other processes. @default this process is alone */
  readonly permits?: PermitStore;
}

/**
 * Milliseconds for which the pauses that a permit store told hold where nothing is reserved (`minDelayMs:
 * 0`): one read a second is nothing beside the requests of a host that is asked that fast.
 */
const LOOK_EVERY_MS = 1000;

/** Hosts that are known at once, before those are forgotten that nothing more is to be known of. */
const MOST_HOSTS = 1024;

/** Milliseconds by which any timer may be late. */
const LEAST_LATE_MS = 5;

const NEVER = Number.NEGATIVE_INFINITY;

interface Waiter {
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

class HostQueue {
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
}

/**
 * Whether it would start so much later than it was given out (timers fire late where a process is busy) that
 * another process, which was given the next start, would come too soon behind it.
 */
function isLate({ reserved, hasMoved, pace }: Waiter, now: number): boolean {
  if (reserved === undefined || hasMoved) return false;
  return now - reserved > Math.max(LEAST_LATE_MS, pace.minDelayMs / 20);
}

function moveStart(waiter: Waiter): void {
  waiter.passed = waiter.reserved ?? waiter.passed;
  waiter.reserved = undefined;
}

function releaseSlot(waiter: Waiter): void {
  if (!waiter.hasSlot) return;
  waiter.hasSlot = false;
  waiter.pace.slots?.release();
}

/**
 * Where the clock was set back, what was noted before would hold the host for as long: it goes back by as
 * much.
 */
function followClock(queue: HostQueue, now: number): void {
  const back = queue.now - now;
  queue.now = now;
  if (back <= 0) return;
  queue.lastStartAt -= back;
  queue.pausedUntil -= back;
  queue.untold -= back;
  queue.askedAt -= back;
  for (const waiter of queue.waiting) if (waiter.reserved !== undefined) waiter.reserved -= back;
}

export function createRateLimiter({
  clock,
  maxPenaltyMs = 60_000,
  permits,
}: RateLimiterOptions): RateLimiter {
  const hosts = new Map<string, HostQueue>();

  const queueOf = (host: string): HostQueue => {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    if (hosts.size >= most) forgetIdle();
    const queue = new HostQueue(host);
    hosts.set(host, queue);
    return queue;
  };

  let most = MOST_HOSTS;
  const forgetIdle = (): void => {
    const now = clock.now();
    for (const [host, queue] of hosts) if (queue.isIdle(now)) hosts.delete(host);
    // Where most of them are in use, looking through them for each that comes would take longer and longer.
    most = Math.max(MOST_HOSTS, 2 * hosts.size);
  };

  /**
   * Gives permits to the head of the queue for as long as its pace allows it, then sleeps until it may go on.
   */
  const advance = (queue: HostQueue): void => {
    if (queue.sleeping !== undefined || queue.asking || queue.awaitsSlot) return;
    for (let head = queue.waiting[0]; head !== undefined; head = queue.waiting[0]) {
      if (queue.active >= head.pace.concurrency) return;
      const now = clock.now();
      followClock(queue, now);
      // Whoever slept through a pause until its end would start together with all the others that did.
      if (head.reserved !== undefined && head.reserved < queue.pausedUntil) head.reserved = undefined;
      const startAt = Math.max(
        queue.lastStartAt + head.pace.minDelayMs,
        queue.pausedUntil,
        head.reserved ?? NEVER,
      );
      if (startAt <= now && !takesSlot(queue, head)) return;
      const question = questionFor(queue, head, now, startAt);
      if (question !== undefined) {
        ask(queue, head, question);
        return;
      }
      if (startAt > now) {
        releaseSlot(head);
        head.isConfirmed = false;
        head.hasMoved = false;
        sleepUntil(queue, startAt - now);
        return;
      }
      if (isLate(head, now)) {
        // Once: where the permit store is that slow, it would be late again.
        head.hasMoved = true;
        moveStart(head);
        continue;
      }
      queue.waiting.shift();
      queue.active++;
      queue.lastStartAt = now;
      queue.minDelayMs = head.pace.minDelayMs;
      head.grant({
        waitedMs: now - head.since,
        sent: () => {
          queue.lastStartAt = Math.max(queue.lastStartAt, clock.now());
        },
        release: releaseOnce(queue, head),
      });
    }
  };

  /** True where the head may start as far as slots go; else it goes on when it has one. */
  const takesSlot = (queue: HostQueue, head: Waiter): boolean => {
    const { slots } = head.pace;
    if (slots === undefined || head.hasSlot) return true;
    if (slots.tryTake()) {
      head.hasSlot = true;
      return true;
    }
    queue.awaitsSlot = true;
    slots.take(() => {
      queue.awaitsSlot = false;
      if (queue.waiting[0] === head) {
        head.hasSlot = true;
        moveStart(head);
      } else slots.release();
      advance(queue);
    });
    return false;
  };

  /**
   * What has to be asked before the head may sleep or start: the permit store, and last of all itself;
   * undefined for nothing.
   */
  const questionFor = (
    queue: HostQueue,
    head: Waiter,
    now: number,
    startAt: number,
  ): (() => Promise<void>) | undefined => {
    if (head.isConfirmed && startAt <= now && head.passed === undefined) return undefined;
    const forPermits = questionForPermits(queue, head, now, startAt);
    if (forPermits !== undefined) {
      return async () => {
        await forPermits();
        queue.askedAt = clock.now();
      };
    }
    const { confirm } = head;
    if (confirm === undefined || startAt > now) return undefined;
    return async () => {
      await confirm();
      head.isConfirmed = true;
    };
  };

  const questionForPermits = (
    queue: HostQueue,
    head: Waiter,
    now: number,
    startAt: number,
  ): (() => Promise<void>) | undefined => {
    if (permits === undefined) return undefined;
    if (queue.untold > now) return () => tell(permits, queue);
    if (head.pace.minDelayMs > 0 && head.reserved === undefined) {
      // Ahead of the sleep, so that the permit store's own time is part of the delay and not added to it.
      return async () => {
        head.reserved = await permits.reserve(queue.host, head.pace.minDelayMs, startAt, head.passed);
        head.passed = undefined;
      };
    }
    if (startAt > now || now - queue.askedAt < LOOK_EVERY_MS) return undefined;
    return async () => {
      queue.pausedUntil = Math.max(queue.pausedUntil, await permits.pausedUntil(queue.host));
    };
  };

  const ask = (queue: HostQueue, head: Waiter, question: () => Promise<void>): void => {
    queue.asking = true;
    question()
      .catch((error: unknown) => {
        const at = queue.waiting.indexOf(head);
        // Aborted meanwhile: the next one asks for itself.
        if (at < 0) return;
        queue.waiting.splice(at, 1);
        releaseSlot(head);
        head.refuse(error);
      })
      .then(() => {
        queue.asking = false;
        advance(queue);
      });
  };

  const tell = async (shared: PermitStore, queue: HostQueue): Promise<void> => {
    const until = queue.untold;
    await shared.pause(queue.host, until);
    // A longer one may have come while this one was written.
    if (queue.untold === until) queue.untold = NEVER;
  };

  const sleepUntil = (queue: HostQueue, ms: number): void => {
    const controller = new AbortController();
    queue.sleeping = controller;
    queue.askedAt = NEVER;
    const wake = () => {
      if (queue.sleeping === controller) queue.sleeping = undefined;
      advance(queue);
    };
    clock.sleep(ms, controller.signal).then(wake, wake);
  };

  const releaseOnce = (queue: HostQueue, waiter: Waiter): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      queue.active--;
      releaseSlot(waiter);
      advance(queue);
    };
  };

  return {
    acquire: (host, pace, signal, confirm) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const queue = queueOf(host);
        const onAbort = () => {
          const at = queue.waiting.indexOf(waiter);
          if (at < 0) return;
          queue.waiting.splice(at, 1);
          releaseSlot(waiter);
          reject(signal?.reason);
          // Nobody is left to wake for, or somebody with another pace is: a sleep left running would hold the
          // process.
          if (at === 0) queue.sleeping?.abort();
        };
        const waiter: Waiter = {
          pace,
          since: clock.now(),
          confirm,
          isConfirmed: false,
          hasSlot: false,
          hasMoved: false,
          grant: (permit) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(permit);
          },
          refuse: (error) => {
            signal?.removeEventListener('abort', onAbort);
            reject(error);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.waiting.push(waiter);
        advance(queue);
      }),
    pausedMs: (host) => Math.max(0, (hosts.get(host)?.pausedUntil ?? NEVER) - clock.now()),
    penalise: (host, ms) => {
      const queue = queueOf(host);
      const until = clock.now() + Math.min(Math.max(ms, 0), maxPenaltyMs);
      if (until <= queue.pausedUntil) return;
      queue.pausedUntil = until;
      if (permits === undefined) return;
      queue.untold = until;
      tell(permits, queue).catch(() => {
        // Still untold: it is told before the next permit, which fails if this fails again.
      });
    },
  };
}
