import { describe, expect, it } from 'vitest';
import { retryAfter } from '../../../core/workflow/asl-retry.ts';

describe('a Retry block', () => {
  const retrier = { IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2, JitterStrategy: 'NONE' } as const;

  it('lets the first retrier that matches decide, also when that one is used up', () => {
    const block = [
      { ...retrier, ErrorEquals: ['A'] },
      { ...retrier, ErrorEquals: ['States.ALL'] },
    ];
    expect(retryAfter(block, [2, 0], 'A', () => 1)).toBeUndefined();
    expect(retryAfter(block, [2, 1], 'B', () => 1)).toEqual({ index: 1, waitMs: 2000 });
  });

  it('reads States.TaskFailed as every error but a time-out', () => {
    const block = [{ ...retrier, ErrorEquals: ['States.TaskFailed'] }];
    expect(retryAfter(block, [0], 'Anything', () => 1)?.waitMs).toBe(1000);
    expect(retryAfter(block, [0], 'States.Timeout', () => 1)).toBeUndefined();
  });
});
