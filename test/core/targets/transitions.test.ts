import { describe, expect, it } from 'vitest';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import { autoFlagged, flagged, unflagged } from '../../../core/targets/flags.ts';
import { newTarget, TARGET_STATUSES, type TargetRecord } from '../../../core/targets/target.ts';
import {
  afterCrawl,
  DEGRADED_AFTER,
  FAILED_AFTER,
  MAX_BACKOFF,
  paused,
  resumed,
  withSettings,
} from '../../../core/targets/transitions.ts';

const EVERY = 240;
const MINUTE = 60_000;
const fresh = newTarget('kitchens', 'a');
const crawl = (record: TargetRecord, code: OutcomeCode | null, at = 0, records: number | null = null) =>
  afterCrawl(record, { code, records, at, every: EVERY, date: '2026-11-26' });
const crawls = (codes: readonly OutcomeCode[], from: TargetRecord = fresh) =>
  codes.reduce((record, code, at) => crawl(record, code, at), from);
const failures = (times: number) => crawls(Array<OutcomeCode>(times).fill('SERVER_ERROR'));

describe('a target after so many failed crawls in a row', () => {
  it.each([
    [0, 'active', 1],
    [1, 'active', 2],
    [2, 'active', 4],
    [3, 'degraded', 8],
    [4, 'degraded', 16],
    [5, 'degraded', 16],
    [9, 'degraded', 16],
    [10, 'failed', 16],
    [11, 'failed', 16],
  ] as const)('%i: %s, its time × %i', (times, status, backoffMultiplier) => {
    const record = failures(times);
    expect(record).toMatchObject({ status, backoffMultiplier, consecutiveFailures: times });
    expect(record.nextCrawlAt).toBe(times === 0 ? null : times - 1 + EVERY * backoffMultiplier * MINUTE);
    expect(record.failedAt).toBe(times < FAILED_AFTER ? null : FAILED_AFTER - 1);
    expect(crawl(record, 'SUCCESS', 99, 7)).toMatchObject({
      ...{ status: 'active', backoffMultiplier: 1, consecutiveFailures: 0, recordCount: 7 },
      ...{ failedAt: null, failureNotes: null, nextCrawlAt: 99 + EVERY * MINUTE, releasedAt: 99 },
    });
  });

  it('through no fault of its own, is as it was, and crawled again soon', () => {
    const end = { code: 'QUEUE_FULL', records: null, isOthers: true, date: '2026-11-26' } as const;
    const before = failures(2);
    const after = afterCrawl(before, { ...end, at: 7, every: 43_200 });
    expect(after).toMatchObject({ status: 'active', consecutiveFailures: 2, backoffMultiplier: 4 });
    expect(after.nextCrawlAt).toBe(7 + 45 * MINUTE);
    expect(afterCrawl(fresh, { ...end, at: 7, every: 10 }).nextCrawlAt).toBe(7 + 10 * MINUTE);
  });

  it('says why it is failed', () => {
    expect(failures(10).failureNotes).toBe('10 failed crawls in a row, the last with SERVER_ERROR');
    expect([DEGRADED_AFTER, FAILED_AFTER, MAX_BACKOFF]).toEqual([3, 10, 16]);
  });

  it.each(['BLOCKED', 'NOT_FOUND', 'TIMEOUT', 'HTML_CHANGED', 'RATE_LIMITED', 'QUEUE_FULL'] as const)(
    'counts %s as a failed crawl',
    (code) => expect(crawl(fresh, code).consecutiveFailures).toBe(1),
  );

  it('keeps the number of records that it knows where a page did not change', () => {
    expect(crawl(crawl(fresh, 'SUCCESS', 1, 12), 'NOT_MODIFIED', 2).recordCount).toBe(12);
  });

  it('is due again at once where nothing was asked, and nothing else has happened to it', () => {
    const before = failures(2);
    const claimed = {
      ...before,
      claim: { id: 'x', runId: 'r', at: 5, until: 9, isProbe: false, dueAt: null, previousAt: null },
    };
    expect(crawl(claimed, null, 7)).toEqual({ ...before, releasedAt: 7, nextCrawlAt: 7 });
  });
});

describe('a target that a person pauses', () => {
  it('stays paused whatever its crawls do, until it is resumed', () => {
    const record = crawls(Array<OutcomeCode>(12).fill('SERVER_ERROR'), paused(fresh));
    expect(record).toMatchObject({ status: 'paused', consecutiveFailures: 12 });
    expect(crawl(record, 'SUCCESS').status).toBe('paused');
    expect(resumed(record, 5)).toMatchObject({
      ...{ status: 'active', consecutiveFailures: 0, backoffMultiplier: 1, nextCrawlAt: 5 },
    });
  });

  it.each(TARGET_STATUSES)('is active and due once it is resumed: %s', (status) => {
    const record = resumed({ ...fresh, status, failedAt: 1, nextCrawlAt: 1000 }, 5);
    expect(record.status).toBe('active');
    expect(record.nextCrawlAt).toBe(status === 'active' ? 1000 : 5);
  });
});

describe('settings of a target', () => {
  it('count a new frequency from the last crawl', () => {
    const record = { ...fresh, lastCrawlAt: 1000, nextCrawlAt: 9_999_999, backoffMultiplier: 2 };
    expect(withSettings(record, { crawlFrequencyMinutes: 10 }, EVERY).nextCrawlAt).toBe(1000 + 20 * MINUTE);
    expect(withSettings(record, { maxRetries: 5 }, EVERY)).toEqual({ ...record, maxRetries: 5 });
    expect(withSettings(fresh, { crawlFrequencyMinutes: 10 }, EVERY).nextCrawlAt).toBeNull();
  });
});

describe('a flag', () => {
  const hand = { reason: 'down until Monday', actor: 'anna', at: 10, minutes: 60 };
  const auto = { reason: 'auto_flag_3_blocks', actor: 'rescrape', at: 20 };

  it('that a person sets replaces another; one that is set by itself replaces none', () => {
    const record = flagged(fresh, hand);
    expect(record.skip).toEqual({
      ...{ reason: hand.reason, actor: 'anna', since: 10 },
      ...{ expiresAt: 10 + 60 * MINUTE, lastsMs: 60 * MINUTE },
    });
    expect(autoFlagged(record, auto)).toBe(record);
    expect(autoFlagged(fresh, auto).skip).toMatchObject({ reason: auto.reason, expiresAt: null });
    expect(flagged(autoFlagged(fresh, auto), hand).skip?.actor).toBe('anna');
  });

  it('takes with it the counts that led to it, and says from when attempts count anew', () => {
    const record = flagged({ ...fresh, consecutiveBlocks: 3, consecutiveNotFound: 4 }, auto);
    expect(unflagged(record, 30)).toEqual({ ...fresh, unflaggedAt: 30 });
    expect(unflagged(fresh, 30)).toBe(fresh);
  });

  it('is lifted by the probe that brings all, and by no other crawl', () => {
    const record = { ...flagged(fresh, hand), consecutiveFailures: 1 };
    const late = 10 + 61 * MINUTE;
    const probe = {
      id: 'x',
      runId: 'r',
      at: late,
      until: late + 1,
      isProbe: true,
      dueAt: null,
      previousAt: null,
    };
    expect(crawl({ ...record, claim: probe }, 'SUCCESS', late).skip).toBeNull();
    expect(crawl({ ...record, claim: probe }, 'TIMEOUT', late).skip).toEqual(record.skip);
    expect(
      crawl(
        { ...record, claim: { ...probe, isProbe: false, dueAt: null, previousAt: null } },
        'SUCCESS',
        late,
      ).skip,
    ).not.toBeNull();
    const another = flagged({ ...record, claim: probe }, { ...hand, at: late });
    expect(crawl(another, 'SUCCESS', late).skip).toEqual(another.skip);
  });
});
