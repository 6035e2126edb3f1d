import { describe, expect, it } from 'vitest';
import { CLAIM_MS, isClaimed } from '../../../core/failures/failure.ts';

const NOW = 1_000_000_000;
const until = (ms: number) => ({ claim: { runId: 'run-1', until: NOW + ms, asked: false, takes: 1 } });

describe('a claim', () => {
  it.each([
    ['as long as a try may take', CLAIM_MS],
    ['a moment longer', 1],
    ['twice as long, of a clock that runs ahead', 2 * CLAIM_MS],
  ])('holds for %s', (_, ms) => {
    expect(isClaimed(until(ms), NOW)).toBe(true);
  });

  it.each([
    ['when its time is up', 0],
    ['when its worker has died', -CLAIM_MS],
    ['from a clock that was a year ahead', 365 * 86_400_000],
    ['beyond twice of what one can last', 2 * CLAIM_MS + 1],
  ])('does not hold %s', (_, ms) => {
    expect(isClaimed(until(ms), NOW)).toBe(false);
  });

  it('that is none does not hold', () => {
    expect(isClaimed({ claim: null }, NOW)).toBe(false);
  });
});
