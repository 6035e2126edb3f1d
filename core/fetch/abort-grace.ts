import type { Clock } from '../ports/clock.ts';

/**
 * Milliseconds that a request on its way has left once its signal is aborted: most come within them, and need
 * no second one.
 */
const ABORT_GRACE_MS = 5000;

/** What a request that is given up rejects with. */
export const CUT_OFF = new Error(`cut off ${ABORT_GRACE_MS} ms after an interruption`);

/**
 * A signal that is aborted (`CUT_OFF`) a little later than the one that is followed, unless `end` is called
 * before; none where none is followed.
 */
export class AbortGrace {
  readonly #cut: AbortController | undefined;
  /** Ends the wait, once there is one: to abort a controller in vain costs each request some microseconds. */
  #over: AbortController | undefined;
  readonly #clock: Clock;
  readonly #followed: AbortSignal | undefined;

  constructor(clock: Clock, followed: AbortSignal | undefined) {
    this.#clock = clock;
    this.#followed = followed;
    if (!followed) return;
    this.#cut = new AbortController();
    followed.addEventListener('abort', this.#begin, { once: true });
  }

  get signal(): AbortSignal | undefined {
    return this.#cut?.signal;
  }

  end(): void {
    this.#followed?.removeEventListener('abort', this.#begin);
    this.#over?.abort();
  }

  readonly #begin = (): void => {
    this.#over = new AbortController();
    this.#clock.sleep(ABORT_GRACE_MS, this.#over.signal).then(
      () => this.#cut?.abort(CUT_OFF),
      () => undefined,
    );
  };
}
