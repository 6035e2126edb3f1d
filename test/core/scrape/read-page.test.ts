import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { readResponse } from '../../../core/scrape/read-page.ts';
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
  const asked = { kind: 'item', item, page: 0, requests: [item] } as const;
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
