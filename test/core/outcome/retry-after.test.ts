import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../core/outcome/retry-after.ts';

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT';
const ask = (value: string, date?: string, now?: number) =>
  retryAfterMs([['retry-AFTER', value], ...(date === undefined ? [] : [['Date', date] as const])], now);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['1.5', 1500],
  ])('%j is %i ms', (value, ms) => expect(ask(value)).toBe(ms));

  it.each([
    ['Wed, 21 Oct 2015 07:29:00 GMT', 60_000],
    ['Wednesday, 21-Oct-15 07:29:00 GMT', 60_000],
    ['Wed Oct 21 07:29:00 2015 GMT', 60_000],
    ['Wed, 21 Oct 2015 07:00:00 GMT', 0],
  ])('%s is %i ms after the Date of the response', (value, ms) => expect(ask(value, DATE)).toBe(ms));

  it('is measured against our clock where the response has no Date', () => {
    expect(ask('Wed, 21 Oct 2015 07:28:10 GMT', undefined, Date.parse(DATE))).toBe(10_000);
    expect(ask('Wed, 21 Oct 2015 07:28:10 GMT')).toBeUndefined();
  });

  it.each(['', 'soon', '-5', '1e9', '2015-10-21', 'Wed, 99 Oct 2015 07:28:00 GMT', '9'.repeat(40)])(
    '%j says nothing',
    (value) => expect(ask(value, DATE)).toBeUndefined(),
  );

  it('is absent', () => expect(retryAfterMs([])).toBeUndefined());
});
