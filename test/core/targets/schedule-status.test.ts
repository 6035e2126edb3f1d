import { describe, expect, it } from 'vitest';
import type { NotReady, Source } from '../../../core/source/source.ts';
import { flagged } from '../../../core/targets/flags.ts';
import { leftOutOf, notReady, scheduleStatus } from '../../../core/targets/schedule-status.ts';
import { newTarget, type TargetRecord } from '../../../core/targets/target.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const fresh = newTarget('kitchens', 'a');
const asking = (answer: boolean | NotReady): Source => ({
  ...kitchens,
  register: { ...kitchens.register!, ready: () => answer },
});
const waiting = asking('NEEDS_DETECTION');
const ready = asking(true);
const due: TargetRecord = { ...fresh, nextCrawlAt: NOW };
const later: TargetRecord = { ...fresh, nextCrawlAt: NOW + 1 };
const flag = { reason: 'wall', actor: 'anna', at: 0 };
const recent: TargetRecord = { ...due, lastCrawlAt: NOW - MINUTE };
const busy = {
  id: 'x',
  runId: 'r',
  at: NOW - MINUTE,
  until: NOW + MINUTE,
  isProbe: false,
  dueAt: null,
  previousAt: null,
};

it('tells what a target lacks; a register that only says no means an address', () => {
  expect(
    [true, false, 'NEEDS_PLATFORM_ID' as const].map((answer) => notReady(asking(answer), fresh)),
  ).toEqual([undefined, 'NEEDS_URL', 'NEEDS_PLATFORM_ID']);
});

describe('the schedule status of a target, first match first', () => {
  it.each<[string, TargetRecord, Source]>([
    ['FAILED', flagged({ ...fresh, status: 'failed' }, flag), waiting],
    ['PAUSED', flagged({ ...fresh, status: 'paused' }, flag), waiting],
    ['SKIPPED', flagged({ ...fresh, status: 'degraded' }, flag), waiting],
    ['DEGRADED', { ...fresh, status: 'degraded' }, waiting],
    ['NEEDS_DETECTION', due, waiting],
    ['NOT_SCHEDULED', fresh, ready],
    ['DUE', due, ready],
    ['DUE', flagged(due, { ...flag, minutes: 1 }), ready],
    ['SCHEDULED', later, ready],
  ])('%s', (status, record, source) => expect(scheduleStatus(source, record, NOW)).toBe(status));
});

describe('why a target is left out of a plan', () => {
  it.each<[string | undefined, TargetRecord, Source, boolean]>([
    ['FAILED', { ...due, status: 'failed' }, ready, true],
    ['PAUSED', { ...due, status: 'paused' }, ready, true],
    ['SKIPPED', flagged(due, flag), waiting, true],
    ['NEEDS_DETECTION', recent, waiting, true],
    ['SCHEDULED', later, ready, false],
    [undefined, later, ready, true],
    ['TOO_RECENT', recent, ready, true],
    ['TOO_RECENT', recent, ready, false],
    ['CLAIMED', { ...due, claim: busy }, ready, true],
    [undefined, { ...due, status: 'degraded' }, ready, false],
    [undefined, fresh, ready, false],
    [undefined, flagged(due, { ...flag, minutes: 1 }), ready, false],
    // A clock that ran ahead set it; nobody waits for that time.
    ['TOO_RECENT', { ...later, nextCrawlAt: NOW * 2, lastCrawlAt: NOW * 2 }, ready, false],
  ])('%s', (reason, record, source, all) =>
    expect(leftOutOf(source, record, { now: NOW, every: 240, all })?.reason).toBe(reason),
  );
});
