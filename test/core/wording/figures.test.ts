import { describe, expect, it } from 'vitest';
import { byteSize, counted, duration, instant, wholeNumber } from '../../../core/wording/figures.ts';

describe('figures of a report', () => {
  it('group thousands without asking the locale of the machine', () => {
    expect([0, 999, 1_000, 1_234_567].map(wholeNumber)).toEqual([
      '0',
      '999',
      '1\u202f000',
      '1\u202f234\u202f567',
    ]);
    expect([counted(1, 'item'), counted(0, 'item'), counted(2, 'reply', 'replies')]).toEqual([
      '1 item',
      '0 items',
      '2 replies',
    ]);
  });

  it('give durations in the unit that fits, and never 60 of one', () => {
    expect([0, 41_230, 59_949, 59_951, 192_000, 3_599_499, 3_599_500, 7_500_000].map(duration)).toEqual([
      '0.0 s',
      '41.2 s',
      '59.9 s',
      '1 min 0 s',
      '3 min 12 s',
      '59 min 59 s',
      '1 h 0 min',
      '2 h 5 min',
    ]);
  });

  it('give bytes in powers of ten, and never 1000 of one', () => {
    expect([0, 999, 1_000, 999_949, 999_951, 33_700_000, 5e12, 5e15].map(byteSize)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '999.9 kB',
      '1.0 MB',
      '33.7 MB',
      '5.0 TB',
      '5000.0 TB',
    ]);
  });

  it('name instants in UTC', () => {
    expect(instant('2025-11-17T01:30:59.999Z')).toBe('2025-11-17 01:30 UTC');
  });
});
