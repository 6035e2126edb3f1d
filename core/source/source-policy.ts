export interface Politeness {
  /** Requests under way at once to one host, over the whole run. */
  readonly concurrency: number;
  /**
   * Requests of one process under way at once, over all hosts; those that wait for the pace of their host are
   * none.
   * @default concurrency
   */
  readonly requestsAtOnce?: number;
  /** Milliseconds between the starts of two requests to one host. */
  readonly minDelayMs: number;
  readonly robots: 'respect' | 'ignore';
  /** The User-Agent header; its first product token is matched against robots.txt. */
  readonly userAgent: string;
  /**
   * Sent instead of `userAgent`: a target keeps its own until it meets a wall. robots.txt is read under
   * `userAgent` all the same.
   * @default `userAgent` alone
   */
  readonly userAgents?: readonly string[];
}

export function requestsAtOnceOf({ requestsAtOnce, concurrency }: Politeness): number {
  return requestsAtOnce ?? concurrency;
}

export interface OutcomePolicy {
  /** Statuses that mean "slow down" here; default [429]. */
  readonly rateLimitStatuses: readonly number[];
  /**
   * Statuses that only a security wall answers with here.
   * @default none
   */
  readonly blockStatuses?: readonly number[];
  /** Walls in a row that flag the target; default 1, the one-attempt rule. */
  readonly skipAfterBlocks: number;
  /** 404s in a row that flag the target; default 4. */
  readonly skipAfterNotFound: number;
}

export interface RetryPolicy {
  /** Retries after the first try; default 3. */
  readonly attempts: number;
  /** Seconds before the first retry; default 2. */
  readonly intervalSeconds: number;
  /** Each further wait is this many times longer; default 2. */
  readonly backoffRate: number;
  /**
   * Minutes before an item that used up its attempts is tried again by itself.
   * @default 45
   */
  readonly coolDownMinutes?: number;
}

export interface FetchLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly totalMs: number;
  /** Bytes of a decoded body. */
  readonly maxDecodedBytes: number;
  /**
   * Elements of an HTML or XML page; ten times as many values of a JSON document. Default 100,000: fits into
   * 128 MB.
   */
  readonly maxElements: number;
}

export interface Expectation {
  /** A day with fewer items than this is suspicious. */
  readonly minItems: number;
  /**
   * Share of the current rows, or of those of one item, that a version may lose without being held; of the
   * items with rows it must lose less. 0 to 1; default 0.5.
   */
  readonly maxShrink: number;
}

/** Values of a source's own settings, by name; undefined where nobody gave one and it has no default. */
export type OwnSettings = Readonly<Record<string, string | undefined>>;
