import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../core/outcome/retry-after.ts';

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT';
const ask = (value: string, date?: string, now?: number) =>
  retryAfterMs([['retry-AFTER', value], ...(date === undefined ? [] : [['Date', date] as const])], now);

describe('Retry-After', () => {
  it.each([
    ['1', 1000],
    ['120', 120_000],
    ['0000000000000000120', 120_000],
    [' 3 ', 3000],
    ['1.5', 1500],
  ])('%j is %i ms', (value, ms) => expect(ask(value)).toBe(ms));

  it.each([
    ['Wed, 21 Oct 2015 07:29:00 GMT', 60_000],
    ['Wednesday, 21-Oct-15 07:29:00 GMT', 60_000],
    ['Wed Oct 21 07:29:00 2015 GMT', 60_000],
    ['Wed, 21 Oct 2015 07:28:60 GMT', 60_000],
    ['wed, 21 oct 2015 07:29:00 gmt', 60_000],
    ['Wed Oct 21 07:29:00 2015', 60_000],
    ['Sun Nov  1 07:28:00 2015', 11 * 86_400_000],
  ])('%s is %i ms after the Date of the response', (value, ms) => expect(ask(value, DATE)).toBe(ms));

  it('is measured against our clock where the response has no Date', () => {
    expect(ask('Wed, 21 Oct 2015 07:28:10 GMT', undefined, Date.parse(DATE))).toBe(10_000);
    expect(ask('Wed, 21 Oct 2015 07:28:10 GMT')).toBeUndefined();
  });

  it.each(['9'.repeat(12), '9'.repeat(40), '9'.repeat(4000), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    '%s is a year: whoever waits clamps it further',
    (value) => expect(ask(value, DATE)).toBe(365 * 86_400_000),
  );

  it.each([
    '',
    'soon',
    '-5',
    '1e9',
    '+5',
    '0x10',
    '1, 2',
    '5 seconds',
    '2015-10-21',
    'Wed, 99 Oct 2015 07:29:00 GMT',
    'Tue, 31 Nov 2015 07:29:00 GMT',
    'Wed, 21 Oct 2015 24:29:00 GMT',
    'Wed, 21 Oct 2015 07:29:00 PST',
    'Wed, 21 Okt 2015 07:29:00 GMT',
    'Wed, 21 Oct 2015 07:29:00',
  ])('%j says nothing', (value) => expect(ask(value, DATE)).toBeUndefined());

  it.each(['0', '000', '0.0', DATE, 'Wed, 21 Oct 2015 07:00:00 GMT', 'Thursday, 01-Jan-70 00:00:00 GMT'])(
    '%j asks for no wait, so the usual one holds',
    (value) => expect(ask(value, DATE)).toBeUndefined(),
  );

  it('knows the century of a short year by the clock: at most fifty years ahead', () => {
    const now = Date.UTC(2026, 10, 26);
    expect(ask('Thursday, 26-Nov-26 00:00:10 GMT', undefined, now)).toBe(10_000);
    expect(ask('Sunday, 26-Nov-95 00:00:10 GMT', undefined, now)).toBeUndefined();
  });

  it('is absent', () => expect(retryAfterMs([])).toBeUndefined());
});
