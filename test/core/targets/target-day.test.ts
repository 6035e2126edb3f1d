import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { judgeClaim } from '../../../core/targets/claim.ts';
import { flagged, unflagged } from '../../../core/targets/flags.ts';
import { newTarget, type TargetRecord } from '../../../core/targets/target.ts';
import { dayOf, targetDay } from '../../../core/targets/target-day.ts';
import { afterCrawl, paused } from '../../../core/targets/transitions.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';

const DATE = civilDate('2026-11-20');
/** From 07:00 UTC to 07:00 UTC: Phoenix is seven hours behind. */
const day = dayOf(DATE, kitchens.timeZone);
const HOUR = 3_600_000;
const at = (hour: number) => day.startsAt + hour * HOUR;
const EVERY = kitchens.cadence.kind === 'every' ? kitchens.cadence.minutes : 0;

const fresh: TargetRecord = {
  ...newTarget('kitchens', 'oak'),
  attributes: { state: 'AZ', path: 'oak' },
  registeredAt: at(-100),
};
/** A crawl for a date, from an hour to a quarter later. */
function crawl(before: TargetRecord, hour: number, code: 'SUCCESS' | 'TIMEOUT', date: string = DATE) {
  const claimed = claim(before, hour);
  return afterCrawl(claimed, { code, records: 1, at: at(hour + 0.25), every: EVERY, date });
}
function claim(before: TargetRecord, hour: number): TargetRecord {
  const answer = judgeClaim(before, { runId: `r${hour}`, id: `c${hour}`, now: at(hour), every: EVERY });
  if (answer.kind !== 'claimed') throw new Error(answer.reason);
  return answer.record;
}
const flag = (record: TargetRecord, hour: number, minutes?: number) =>
  flagged(record, { reason: 'wall', actor: 'ann', at: at(hour), ...(minutes && { minutes }) });
const before = crawl(fresh, -10, 'SUCCESS', '2026-11-19');
const slow: TargetRecord = { ...fresh, crawlFrequencyMinutes: 30 * 24 * 60 };

describe('how a target stood on a date', () => {
  it.each<[string, TargetRecord, string]>([
    ['never crawled', fresh, 'due'],
    ['registered after it', { ...fresh, registeredAt: day.endsAt }, 'not_due'],
    ['crawled whole', crawl(before, 1, 'SUCCESS'), 'found'],
    ['crawled, and not whole', crawl(before, 1, 'TIMEOUT'), 'failed'],
    ['crawled again', crawl(crawl(before, 1, 'TIMEOUT'), 12, 'SUCCESS'), 'found'],
    ['crawled and flagged then', flag(crawl(before, 1, 'SUCCESS'), 2), 'found'],
    ['crawled for it after midnight', crawl(before, 24.1, 'SUCCESS', DATE), 'found'],
    ['its crawl is under way, or was lost', claim(before, 1), 'due'],
    ['crawled the day before, due within it', before, 'due'],
    ['crawled the day before, due in weeks', crawl(slow, -10, 'SUCCESS', '2026-11-19'), 'not_due'],
    ['due at its last moment', { ...before, nextCrawlAt: day.endsAt - 1 }, 'due'],
    ['due when it is over', { ...before, nextCrawlAt: day.endsAt }, 'not_due'],
    ['flagged', flag(before, 5), 'skipped'],
    ['flagged when it was over', flag(before, 24), 'due'],
    ['flagged, and the flag expired within it', flag(before, 5, 60), 'due'],
    ['flagged, and the flag expires later', flag(before, 5, 24 * 60), 'skipped'],
    ['its flag was lifted', unflagged(flag(before, 5), at(6)), 'due'],
    ['paused', paused(before), 'paused'],
    ['given up', { ...before, status: 'failed', failureNotes: 'ten' }, 'given_up'],
    ['without an address', { ...before, attributes: { state: 'AZ', path: '' } }, 'not_ready'],
    ['due then and crawled later only', crawl(before, 30, 'SUCCESS', '2026-11-21'), 'due'],
    [
      'not due then and crawled later',
      crawl({ ...before, nextCrawlAt: at(30) }, 31, 'SUCCESS', '2026-11-21'),
      'not_due',
    ],
    ['never crawled before it was crawled later', crawl(fresh, 30, 'SUCCESS', '2026-11-21'), 'due'],
    ['crawled then and later', crawl(crawl(before, 1, 'TIMEOUT'), 30, 'SUCCESS', '2026-11-21'), 'unknown'],
    [
      'crawled later twice',
      crawl(crawl(before, 30, 'SUCCESS', '2026-11-21'), 40, 'SUCCESS', '2026-11-21'),
      'unknown',
    ],
    ['claimed later', claim(before, 30), 'due'],
    [
      'a retry of an earlier date after its crawl',
      crawl(crawl(before, 1, 'TIMEOUT'), 9, 'SUCCESS', '2026-11-19'),
      'failed',
    ],
  ])('%s: %3$s', (_, record, status) => {
    expect(targetDay(kitchens, record, day, day.endsAt).status).toBe(status);
  });

  it('says whether the time at which it is due lies ahead', () => {
    const due = { ...before, nextCrawlAt: at(6.5) };
    const reasonAt = (hour: number) => targetDay(kitchens, due, day, at(hour)).reason;
    expect(reasonAt(6)).toBe('due at 2026-11-20 13:30 UTC');
    expect(reasonAt(7)).toBe('due since 2026-11-20 13:30 UTC');
  });

  it('asks nothing of a past date of a target that was neither registered nor crawled by then', () => {
    const unknown = { ...fresh, registeredAt: null };
    const statusAt = (record: TargetRecord, hour: number) =>
      targetDay(kitchens, record, day, at(hour)).status;
    expect(statusAt(unknown, 12)).toBe('due');
    expect(statusAt(unknown, 24)).toBe('not_due');
    expect(statusAt(fresh, 24)).toBe('due');
    expect(statusAt(crawl(unknown, 30, 'SUCCESS', '2026-11-21'), 31)).toBe('not_due');
  });
});
