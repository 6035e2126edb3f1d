import { describe, expect, it } from 'vitest';
import { afterAttempt } from '../../../core/targets/attempted.ts';
import { CRAWL_GAP_MS, CRAWL_LEASE_MS, judgeClaim } from '../../../core/targets/claim.ts';
import { flagged } from '../../../core/targets/flags.ts';
import { newTarget, type TargetRecord } from '../../../core/targets/target.ts';
import { afterCrawl, paused } from '../../../core/targets/transitions.ts';
import { notes } from '../../e2e/support/notes-source.ts';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const EVERY = 240;
const fresh = newTarget('kitchens', 'a');
const claim = (record: TargetRecord, now = NOW, runId = 'r1') =>
  judgeClaim(record, { now, runId, id: `id of ${runId} at ${now}`, every: EVERY });
const ended = (record: TargetRecord, at: number) =>
  afterCrawl(record, { code: 'SUCCESS', records: 1, at, every: EVERY, date: '2026-11-26' });

describe('a claim', () => {
  const claimed = claim(fresh).record;

  it('names its run and how long it holds, and sets when the target is due next', () => {
    expect(claim({ ...fresh, backoffMultiplier: 4 })).toMatchObject({
      kind: 'claimed',
      claim: { runId: 'r1', at: NOW, until: NOW + CRAWL_LEASE_MS, isProbe: false },
      record: { lastCrawlAt: NOW, nextCrawlAt: NOW + 4 * EVERY * MINUTE },
    });
    const often = claim({ ...fresh, crawlFrequencyMinutes: 10 });
    expect(often.record.nextCrawlAt).toBe(NOW + 10 * MINUTE);
  });

  it.each<[string, TargetRecord, number, string, number | null]>([
    ['paused', paused(fresh), NOW, 'PAUSED', null],
    ['flagged', flagged(fresh, { reason: 'x', actor: 'y', at: 0 }), NOW, 'SKIPPED', null],
    [
      'flagged for a while',
      flagged(fresh, { reason: 'x', actor: 'y', at: NOW, minutes: 5 }),
      NOW,
      'SKIPPED',
      NOW + 5 * MINUTE,
    ],
    ['another run is at it', claimed, NOW + CRAWL_LEASE_MS - 1, 'CLAIMED', NOW + CRAWL_LEASE_MS],
    [
      'it was begun a moment ago',
      { ...fresh, lastCrawlAt: NOW },
      NOW + CRAWL_GAP_MS - 1,
      'TOO_RECENT',
      NOW + CRAWL_GAP_MS,
    ],
    [
      'it has ended a moment ago',
      ended(claimed, NOW + 5 * MINUTE),
      NOW + 6 * MINUTE,
      'TOO_RECENT',
      NOW + 7 * MINUTE,
    ],
  ])('is refused where the target is so: %s', (_, record, now, reason, until) => {
    expect(claim(record, now, 'r2')).toMatchObject({ kind: 'refused', reason, until });
    expect(claim(record, now, 'r2').record).toEqual(record);
  });

  it.each<[string, TargetRecord, number]>([
    ['the lease has run out', claimed, NOW + CRAWL_LEASE_MS],
    ['the gap has passed since its begin and since its end', ended(claimed, NOW + 1), NOW + 1 + CRAWL_GAP_MS],
    ['it is failed: a person asks', { ...fresh, status: 'failed' }, NOW],
  ])('is given again where %s', (_, record, now) => {
    expect(claim(record, now, 'r2')).toMatchObject({ kind: 'claimed', claim: { runId: 'r2' } });
  });

  it('is gone on with by its own run, also where it had run out, and is the same claim', () => {
    const again = claim(claimed, NOW + CRAWL_LEASE_MS + 1);
    expect(again).toMatchObject({
      kind: 'claimed',
      claim: { id: `id of r1 at ${NOW}`, at: NOW, until: NOW + 2 * CRAWL_LEASE_MS + 1 },
      record: { lastCrawlAt: NOW, nextCrawlAt: NOW + EVERY * MINUTE },
    });
    expect(claim(flagged(claimed, { reason: 'x', actor: 'y', at: NOW }))).toMatchObject({
      reason: 'SKIPPED',
    });
  });
});

describe('a flag that has expired', () => {
  const skipped = flagged(
    { ...fresh, consecutiveBlocks: 1 },
    { reason: 'wall', actor: 'anna', at: NOW, minutes: 60 },
  );
  const after = NOW + 60 * MINUTE;
  const probe = claim(skipped, after).record;

  it('lets exactly one crawl go, as a probe', () => {
    expect(claim(skipped, after - 1).kind).toBe('refused');
    expect(probe.claim).toMatchObject({ isProbe: true, runId: 'r1' });
    expect(claim(probe, after, 'r2')).toMatchObject({ kind: 'refused', reason: 'CLAIMED' });
  });

  it('is renewed for twice as long by a wall, in the words of whoever set it, and then again, up to 90 days', () => {
    const wall = (record: TargetRecord, at: number) =>
      afterAttempt(record, { code: 'BLOCKED' }, at, notes, 'item');
    const once = wall(probe, after + 1);
    expect(once.skip).toEqual({
      ...{ reason: 'wall', actor: 'anna', since: NOW },
      ...{ lastsMs: 120 * MINUTE, expiresAt: after + 1 + 120 * MINUTE },
    });
    // Counted again from the attempts of the crawl, it is the same flag.
    expect(wall(once, after + 1).skip).toEqual(once.skip);
    const twice = wall(once, once.skip!.expiresAt! + 1);
    expect(twice.skip?.lastsMs).toBe(240 * MINUTE);
    const most = 90 * 24 * 60;
    const long = flagged(fresh, { reason: 'wall', actor: 'anna', at: NOW, minutes: most - 1 });
    expect(wall(long, long.skip!.expiresAt!).skip?.lastsMs).toBe(most * MINUTE);
    expect(afterAttempt(probe, { code: 'TIMEOUT' }, after + 1, notes, 'item').skip).toEqual(skipped.skip);
  });
});

describe('a clock that is set', () => {
  const YEAR = 365 * 86_400_000;

  it('back leaves no target waiting for a time that was never: the gap counts from now', () => {
    const ahead = ended(claim(fresh, NOW + YEAR).record, NOW + YEAR + 1);
    const first = claim(ahead, NOW, 'r2');
    expect(first).toMatchObject({ kind: 'refused', reason: 'TOO_RECENT', until: NOW + CRAWL_GAP_MS });
    expect(first.record).toMatchObject({ lastCrawlAt: NOW, releasedAt: NOW, nextCrawlAt: NOW });
    expect(claim(first.record, NOW + CRAWL_GAP_MS, 'r2').kind).toBe('claimed');
  });

  it('back leaves a claim of then its lease from now on, and it is still that of its run', () => {
    const ahead = claim(fresh, NOW + YEAR).record;
    const first = claim(ahead, NOW, 'r2');
    expect(first).toMatchObject({ kind: 'refused', reason: 'CLAIMED', until: NOW + CRAWL_LEASE_MS });
    expect(claim(first.record, NOW + 1, 'r1').kind).toBe('claimed');
    expect(claim(first.record, NOW + CRAWL_LEASE_MS, 'r2').kind).toBe('claimed');
  });

  it('by less than the gap makes nobody write, and nobody wait for longer than twice the gap', () => {
    const ahead = ended(claim(fresh, NOW + CRAWL_GAP_MS).record, NOW + CRAWL_GAP_MS);
    expect(claim(ahead, NOW, 'r2').record).toEqual(ahead);
    expect(claim(ahead, NOW + 2 * CRAWL_GAP_MS, 'r2').kind).toBe('claimed');
  });
});
