import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Outcome } from '../../../core/outcome/outcome.ts';
import { readResponse, withoutOptional } from '../../../core/scrape/read-page.ts';
import { districtsAt } from '../../sources-of-tests/hosts.ts';

const RECEIVED_AT = Date.parse('2026-11-22T12:00:00Z');
const item = { id: 'd0', url: 'http://d0.localhost/bells' };

function outcomeOf(status: number, headers: readonly (readonly [string, string])[]) {
  const response = {
    kind: 'response',
    url: item.url,
    status,
    statusText: '',
    headers,
    body: new Uint8Array(),
  } as const;
  const partition = { value: 'CA', date: civilDate('2026-11-22') };
  const asked = { kind: 'item', item, page: 0, requests: [item], isLastTry: true } as const;
  return readResponse(districtsAt(80, { count: 1 }), partition, asked, response, RECEIVED_AT).outcome;
}

describe('an answer that names a time in Retry-After', () => {
  const until = ['Retry-After', 'Sun, 22 Nov 2026 12:10:00 GMT'] as const;

  it.each([429, 503])('and no Date asks for the wait from when it came: HTTP %d', (status) => {
    expect(outcomeOf(status, [until])).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 600_000 });
  });

  it('is measured by its own Date where it has one', () => {
    const date = ['Date', 'Sun, 22 Nov 2026 12:09:00 GMT'] as const;
    expect(outcomeOf(429, [until, date])).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
  });
});

describe('an optional page of an item that did not come', () => {
  const source = districtsAt(80, { count: 1 });
  const own = item.url;
  const other = 'http://oak.d0.localhost/bells';
  const learnedOf = (url: string, outcome: Outcome, isLastTry = true, optional = true) => {
    const asked = { kind: 'item', item: { ...item, url, optional }, page: 1, isLastTry } as const;
    return withoutOptional(source, { ...asked, requests: [item, { url, optional }] }, { outcome });
  };
  const gone = { learned: { kind: 'empty', reason: expect.stringContaining(other) } };

  it.each(['NETWORK_ERROR', 'TIMEOUT', 'NOT_FOUND', 'REFUSED'] as const)(
    'of another host is not there: %s at its last try',
    (code) => {
      const reading = learnedOf(other, { code, message: 'getaddrinfo ENOTFOUND' });
      expect(reading).toMatchObject({ ...gone, notes: expect.stringContaining(`${other}: ${code} getaddr`) });
    },
  );

  it.each([
    ['of its own host', learnedOf(own, { code: 'NETWORK_ERROR' })],
    ['before the last try', learnedOf(other, { code: 'TIMEOUT' }, false)],
    ['that the item needs', learnedOf(other, { code: 'NETWORK_ERROR' }, true, false)],
    ['where the host answers that it has trouble', learnedOf(other, { code: 'SERVER_ERROR' })],
    ['behind a wall', learnedOf(other, { code: 'BLOCKED' })],
    ['where a proxy failed', learnedOf(other, { code: 'NETWORK_ERROR', rule: 'proxy/connect' })],
  ])('is missed %s', (_, reading) => {
    expect(reading).not.toHaveProperty('learned');
  });

  it('is not there where proxies cannot reach it either', () => {
    expect(learnedOf(other, { code: 'NETWORK_ERROR', rule: 'proxy/tunnel' })).toMatchObject(gone);
  });
});
