/**
 * Bounds the requests that are under way at once, whichever hosts they go to. A request that waits for the
 * pace of its host needs no slot: slow hosts hold none that others could use.
 */
export class RequestSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** True where the caller has one now. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Calls `onTaken` once the caller has one: in the order of asking, and never before this returns. */
  take(onTaken: () => void): void {
    this.#waiting.push(onTaken);
  }

  /** Must be called once for each that was taken. */
  release(): void {
    const next = this.#waiting.shift();
    // Later: a host that cannot use it hands it on, and there may be thousands of them in a row.
    if (next) queueMicrotask(next);
    else this.#free++;
  }
}
