import type { OutcomePolicy, RetryPolicy } from '../source/source-policy.ts';
import type { Outcome, OutcomeCode, OutcomeStatus } from './outcome.ts';

/**
 * What is done about an outcome. `accept` it; `retry` the item in this run; `wait` for the service behind us,
 * which costs no attempt; `skip` the whole target for this run and flag it; `park` the item, no more tries in
 * this run.
 */
type Verdict = 'accept' | 'retry' | 'wait' | 'skip' | 'park';

/** One row of the table of the design, section 4. */
export interface Disposition {
  readonly status: OutcomeStatus;
  readonly verdict: Verdict;
  /** Retries after the first try; `policy`: as many as the source says. 0 unless the verdict is `retry`. */
  readonly retries: number | 'policy';
  /** Name under which the state machine knows it; undefined where it is not tried again there. */
  readonly retryAs?: 'RateLimited' | 'Transient';
  /** True: once its retries are used up, the item is a failure until it is recovered, dismissed or dead. */
  readonly opensFailure: boolean;
  /** True: the item keeps the rows that the current version of its partition has. */
  readonly keepsOldData: boolean;
  /**
   * True: another try by itself may heal it, so the item is queued. A block is met once (the one-attempt
   * rule), what the site or we refuse is refused again, and what is too large stays so and may end the
   * process: those wait for a person.
   */
  readonly retriedLater: boolean;
  /** True: it goes away where the site is asked later, and nobody has to mend anything first. */
  readonly healsByWaiting: boolean;
  /** The streak of the target that it lengthens. `success` ends every streak, `none` leaves them alone. */
  readonly counts: 'success' | 'block' | 'not-found' | 'failure' | 'none';
}

const failed = {
  status: 'error',
  opensFailure: true,
  keepsOldData: true,
  retriedLater: false,
  healsByWaiting: false,
  counts: 'failure',
} as const;
const transient = {
  ...failed,
  verdict: 'retry',
  retries: 'policy',
  retryAs: 'Transient',
  retriedLater: true,
  healsByWaiting: true,
} as const;
const parked = { ...failed, verdict: 'park', retries: 0 } as const;
/** The parser may be mended, or the site have had a bad moment. */
const misread = { ...parked, retriedLater: true } as const;
const good = {
  status: 'success',
  verdict: 'accept',
  retries: 0,
  opensFailure: false,
  retriedLater: false,
  healsByWaiting: false,
  counts: 'success',
} as const;

export const DISPOSITIONS: Readonly<Record<OutcomeCode, Disposition>> = {
  SUCCESS: { ...good, keepsOldData: false },
  NOT_MODIFIED: { ...good, keepsOldData: true },
  RATE_LIMITED: { ...transient, retryAs: 'RateLimited' },
  BLOCKED: { ...parked, status: 'blocked', verdict: 'skip', counts: 'block' },
  BLOCKED_PROXY: { ...transient, status: 'blocked', healsByWaiting: false, counts: 'none' },
  // Asking again brings nothing, but the index still lists it: a person decides.
  NOT_FOUND: { ...parked, status: 'not_found', counts: 'not-found' },
  AUTH_FAILED: parked,
  // Slow is not broken: it lengthens no streak.
  TIMEOUT: { ...transient, status: 'timeout', counts: 'none' },
  NETWORK_ERROR: transient,
  SERVER_ERROR: transient,
  TOO_LARGE: parked,
  REFUSED: parked,
  HTML_CHANGED: misread,
  PARSE_ERROR: misread,
  VALIDATION_ERROR: misread,
  NO_RECORDS: { ...transient, retries: 1 },
  QUEUE_FULL: {
    ...failed,
    status: 'queue_full',
    verdict: 'wait',
    retries: 0,
    opensFailure: false,
    retriedLater: true,
    healsByWaiting: true,
    counts: 'none',
  },
  UNKNOWN_ERROR: misread,
};

/** The coarse column that analysts group by. */
export function statusOf(code: OutcomeCode): OutcomeStatus {
  return DISPOSITIONS[code].status;
}

/** True where the queue tries an item again by itself after this outcome. */
export function isRetriedLater(code: OutcomeCode): boolean {
  return DISPOSITIONS[code].retriedLater;
}

/** What has happened before, counted up to but without the outcome that is judged. */
export interface History {
  /** Retries of this item in this run. */
  readonly retries?: number;
  /** Walls in a row before this target. */
  readonly consecutiveBlocks?: number;
  /** 404s in a row of this target. */
  readonly consecutiveNotFound?: number;
}

export interface VerdictPolicy {
  readonly retry: RetryPolicy;
  readonly outcomes: OutcomePolicy;
}

export type Decision =
  | { readonly verdict: 'accept' }
  /** `afterMs`: milliseconds until the next try. */
  | { readonly verdict: 'retry'; readonly afterMs: number; readonly retryAs: 'RateLimited' | 'Transient' }
  | { readonly verdict: 'wait'; readonly afterMs: number }
  /** `flag`: the reason of the skip flag that the target gets. */
  | { readonly verdict: 'skip'; readonly flag: SkipReason; readonly opensFailure: boolean }
  | { readonly verdict: 'park'; readonly opensFailure: boolean };

type SkipReason =
  | 'security_block_one_attempt'
  | `auto_flag_${number}_blocks`
  | `auto_flag_${number}_not_found`;

/** Milliseconds; no site may hold up a run for longer with one Retry-After. */
const MAX_RETRY_AFTER_MS = 60_000;

/** The verdict on one outcome, with the source's thresholds and what has happened before. */
export function verdictFor(outcome: Outcome, policy: VerdictPolicy, history: History = {}): Decision {
  const { verdict, retries, retryAs, opensFailure } = DISPOSITIONS[outcome.code];
  const { retries: used = 0, consecutiveBlocks = 0, consecutiveNotFound = 0 } = history;
  switch (verdict) {
    case 'accept':
      return { verdict };
    case 'wait':
      return { verdict, afterMs: waitMs(outcome, policy.retry, used) };
    case 'retry': {
      const allowed = retries === 'policy' ? policy.retry.attempts : Math.min(retries, policy.retry.attempts);
      if (used >= allowed || retryAs === undefined) return { verdict: 'park', opensFailure };
      return { verdict, afterMs: waitMs(outcome, policy.retry, used), retryAs };
    }
    case 'skip': {
      const limit = policy.outcomes.skipAfterBlocks;
      if (consecutiveBlocks + 1 < limit) return { verdict: 'park', opensFailure };
      const flag = limit <= 1 ? 'security_block_one_attempt' : (`auto_flag_${limit}_blocks` as const);
      return { verdict, flag, opensFailure };
    }
    case 'park': {
      const limit = policy.outcomes.skipAfterNotFound;
      if (outcome.code === 'NOT_FOUND' && consecutiveNotFound + 1 >= limit) {
        return { verdict: 'skip', flag: `auto_flag_${limit}_not_found`, opensFailure };
      }
      return { verdict, opensFailure };
    }
  }
}

/** What the site asked for, clamped, else the source's own growing wait. */
function waitMs(outcome: Outcome, retry: RetryPolicy, used: number): number {
  if (outcome.retryAfterMs !== undefined) return Math.min(outcome.retryAfterMs, MAX_RETRY_AFTER_MS);
  return retry.intervalSeconds * 1000 * retry.backoffRate ** used;
}
