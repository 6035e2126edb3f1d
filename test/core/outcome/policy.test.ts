import { describe, expect, it } from 'vitest';
import { OUTCOME_CODES, type OutcomeCode } from '../../../core/outcome/outcome.ts';
import { DISPOSITIONS, statusOf, verdictFor } from '../../../core/outcome/policy.ts';

const policy = {
  retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
  outcomes: { rateLimitStatuses: [429], skipAfterBlocks: 1, skipAfterNotFound: 4 },
};

/** The table of the design, section 4: status, first verdict, verdict after three retries. */
const TABLE: Readonly<Record<OutcomeCode, readonly [string, string, string]>> = {
  SUCCESS: ['success', 'accept', 'accept'],
  NOT_MODIFIED: ['success', 'accept', 'accept'],
  RATE_LIMITED: ['error', 'retry', 'park'],
  BLOCKED: ['blocked', 'skip', 'skip'],
  BLOCKED_PROXY: ['blocked', 'retry', 'park'],
  NOT_FOUND: ['not_found', 'park', 'park'],
  AUTH_FAILED: ['error', 'park', 'park'],
  TIMEOUT: ['timeout', 'retry', 'park'],
  NETWORK_ERROR: ['error', 'retry', 'park'],
  SERVER_ERROR: ['error', 'retry', 'park'],
  TOO_LARGE: ['error', 'park', 'park'],
  REFUSED: ['error', 'park', 'park'],
  HTML_CHANGED: ['error', 'park', 'park'],
  PARSE_ERROR: ['error', 'park', 'park'],
  VALIDATION_ERROR: ['error', 'park', 'park'],
  NO_RECORDS: ['error', 'retry', 'park'],
  QUEUE_FULL: ['queue_full', 'wait', 'wait'],
  UNKNOWN_ERROR: ['error', 'park', 'park'],
};

it.each(OUTCOME_CODES)('%s has the status and the verdicts of the design', (code) => {
  const [status, first, last] = TABLE[code];
  expect(statusOf(code)).toBe(status);
  expect(verdictFor({ code }, policy).verdict).toBe(first);
  expect(verdictFor({ code }, policy, { retries: 3 }).verdict).toBe(last);
});

it.each(OUTCOME_CODES)('%s keeps the old data unless it brought new', (code) => {
  expect(DISPOSITIONS[code].keepsOldData).toBe(code !== 'SUCCESS');
});

describe('a retry', () => {
  it('waits 2, 4 and 8 seconds, then is given up with a failure', () => {
    const decisions = [0, 1, 2, 3].map((retries) =>
      verdictFor({ code: 'SERVER_ERROR' }, policy, { retries }),
    );
    expect(decisions).toEqual([
      { verdict: 'retry', afterMs: 2000, retryAs: 'Transient' },
      { verdict: 'retry', afterMs: 4000, retryAs: 'Transient' },
      { verdict: 'retry', afterMs: 8000, retryAs: 'Transient' },
      { verdict: 'park', opensFailure: true },
    ]);
  });

  it('waits as long as the site asks, up to a minute', () => {
    const decide = (retryAfterMs: number) => verdictFor({ code: 'RATE_LIMITED', retryAfterMs }, policy);
    expect(decide(7000)).toEqual({ verdict: 'retry', afterMs: 7000, retryAs: 'RateLimited' });
    expect(decide(3_600_000)).toMatchObject({ afterMs: 60_000 });
  });

  it('for lack of records is made once', () => {
    expect(verdictFor({ code: 'NO_RECORDS' }, policy, { retries: 1 })).toEqual({
      verdict: 'park',
      opensFailure: true,
    });
  });

  it('is not made where the source wants none', () => {
    const none = { ...policy, retry: { ...policy.retry, attempts: 0 } };
    expect(verdictFor({ code: 'TIMEOUT' }, none).verdict).toBe('park');
    expect(verdictFor({ code: 'NO_RECORDS' }, none).verdict).toBe('park');
  });
});

describe('a wall', () => {
  it('flags the target at once by the one-attempt rule', () => {
    expect(verdictFor({ code: 'BLOCKED' }, policy)).toEqual({
      verdict: 'skip',
      flag: 'security_block_one_attempt',
      opensFailure: true,
    });
  });

  it('flags it only at the third in a row where the source says three', () => {
    const three = { ...policy, outcomes: { ...policy.outcomes, skipAfterBlocks: 3 } };
    expect(verdictFor({ code: 'BLOCKED' }, three, { consecutiveBlocks: 1 }).verdict).toBe('park');
    expect(verdictFor({ code: 'BLOCKED' }, three, { consecutiveBlocks: 2 })).toMatchObject({
      flag: 'auto_flag_3_blocks',
    });
  });
});

it('the fourth 404 in a row flags the target, and each stays open for a person', () => {
  expect(verdictFor({ code: 'NOT_FOUND' }, policy, { consecutiveNotFound: 2 })).toEqual({
    verdict: 'park',
    opensFailure: true,
  });
  expect(verdictFor({ code: 'NOT_FOUND' }, policy, { consecutiveNotFound: 3 })).toEqual({
    verdict: 'skip',
    flag: 'auto_flag_4_not_found',
    opensFailure: true,
  });
});

it('a timeout lengthens no streak', () => {
  expect(DISPOSITIONS.TIMEOUT.counts).toBe('none');
});
