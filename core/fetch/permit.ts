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
