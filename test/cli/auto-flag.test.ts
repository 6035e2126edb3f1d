import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { unflagged } from '../../core/targets/flags.ts';
import { testClock } from '../e2e/support/test-time.ts';
import {
  DAY_MS,
  DistrictsDirectory,
  GONE,
  HOUR_MS,
  OUTAGE,
  type SeededAttempt,
  TIMEOUT,
  WALL,
} from './support/districts.ts';
import { ALDER, BIRCH, CEDAR } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

type Row = Readonly<Record<'target' | 'reason', string>>;
const times = (n: number, target: string, what: object, ago = DAY_MS): SeededAttempt[] =>
  Array.from({ length: n }, (_, at) => ({ target, ago: ago + at * HOUR_MS, ...what }));

describe('auto-flag', () => {
  const lake = DistrictsDirectory.forEachTest();
  const flag = async (...words: readonly string[]) =>
    (await lake.items<Row>('auto-flag', ...words)).map(({ target, reason }) => [target, reason]);

  it('flags for three walls or four pages not found in all, says whom, and a second time nobody', async () => {
    await lake.attempts(
      ...times(2, ALDER, WALL),
      { target: ALDER, ago: 3 * DAY_MS },
      ...times(1, ALDER, WALL, 9 * DAY_MS),
      ...times(4, CEDAR, GONE),
      ...times(2, BIRCH, WALL),
      ...times(3, BIRCH, GONE),
      ...times(9, BIRCH, TIMEOUT),
    );
    const both = [
      [ALDER, 'auto_flag_3_blocks'],
      [CEDAR, 'auto_flag_4_not_found'],
    ];
    expect(await flag('--dry-run')).toEqual(both);
    expect((await lake.record(ALDER)).skip).toBeNull();
    const attempts = await lake.items('attempts', '--limit', '100');
    const { stdout, stderr, code } = await lake.say('auto-flag');
    expect([code, stderr]).toEqual([0, '2 targets flagged\n']);
    expect(stdout).toContain('auto_flag_3_blocks');
    expect((await lake.record(CEDAR)).skip).toMatchObject({
      reason: 'auto_flag_4_not_found',
      expiresAt: null,
    });
    expect(await lake.say('auto-flag')).toMatchObject({ code: 0, stdout: 'no target flagged\n' });
    // The flag is the record's: what was tried stays as it was written.
    expect(await lake.items('attempts', '--limit', '100')).toEqual(attempts);
  });

  it('counts the items of a target that are not there once a day', async () => {
    const dead = (days: readonly number[]) =>
      days.map((day, at) => ({ target: CEDAR, item_id: `item-${at}`, ago: day * DAY_MS + at, ...GONE }));
    await lake.attempts(...dead([1, 1, 1, 1, 1, 2, 2, 3]));
    expect(await flag('--dry-run')).toEqual([]);
    await lake.attempts(...dead([4]));
    expect(await flag()).toEqual([[CEDAR, 'auto_flag_4_not_found']]);
    await lake.say('skip', 'remove', 'districts', CEDAR);
    await lake.attempts(...dead([-1, -1, -1, -1, -2]));
    expect(await flag()).toEqual([]);
  });

  it('takes other thresholds, a source, and what targets are like', async () => {
    await lake.attempts(...times(2, ALDER, WALL), ...times(2, CEDAR, GONE));
    expect(await flag('racing', '--blocks', '1', '--not-found', '1')).toEqual([]);
    expect(await flag('--blocks', '2', '--dry-run')).toEqual([[ALDER, 'auto_flag_2_blocks']]);
    expect(await flag('--blocks', '2', '--not-found', '2', '--state', 'IL')).toEqual([
      [CEDAR, 'auto_flag_2_not_found'],
    ]);
    expect((await lake.say('auto-flag', '--blocks', '0')).code).toBe(2);
  });

  it('replaces no flag that a person gave', async () => {
    await lake.attempts(...times(5, ALDER, WALL));
    await lake.say('skip', 'add', 'districts', ALDER, '--reason', 'they asked us to');
    expect(await flag()).toEqual([]);
    expect((await lake.record(ALDER)).skip?.reason).toBe('they asked us to');
  });

  it('counts anew when the flag has been lifted', async () => {
    await lake.attempts(...times(3, ALDER, WALL));
    expect(await flag()).toHaveLength(1);
    await lake.say('skip', 'remove', 'districts', ALDER);
    expect(await flag()).toEqual([]);
    await lake.attempts(...[1, 2].map((n) => ({ target: ALDER, ago: -n * HOUR_MS, ...WALL })));
    expect(await flag()).toEqual([]);
    await lake.attempts({ target: ALDER, ago: -3 * HOUR_MS, ...WALL });
    expect(await flag()).toEqual([[ALDER, 'auto_flag_3_blocks']]);
  });
});

/** A history of one target, oldest first: what an attempt met, or that a flag was lifted. */
const HISTORY = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('wall', 'gone') },
    { weight: 3, arbitrary: fc.constantFrom('ok', 'timeout', 'error') },
    { weight: 1, arbitrary: fc.constant('lift') },
  ),
  { maxLength: 14, size: 'max' },
);
const MET = { ok: {}, wall: WALL, gone: GONE, timeout: TIMEOUT, error: OUTAGE } as const;

/** The rules in words: walls and pages not found since the last lifting, whatever stands in between. */
function expectedFlag(history: readonly string[]): string | null {
  const since = history.slice(history.lastIndexOf('lift') + 1);
  if (since.filter((met) => met === 'wall').length >= 3) return 'auto_flag_3_blocks';
  return since.filter((met) => met === 'gone').length >= 4 ? 'auto_flag_4_not_found' : null;
}

describe('auto-flag over random histories', () => {
  const histories = fc.sample(HISTORY, { numRuns: 120, seed: 11 });
  const idOf = (n: number) => String(600_100 + n).padStart(7, '0');
  const lake = DistrictsDirectory.forEachTest(
    histories.map((_, n) => ({ id: idOf(n), attributes: { name: `District ${n}`, state: 'CA' } })),
  );

  it('flags whom the rules flag', async () => {
    const agoOf = (at: number) => (20 - at) * HOUR_MS;
    await lake.attempts(
      ...histories.flatMap((history, n) =>
        history.flatMap((met, at) =>
          met === 'lift' ? [] : [{ target: idOf(n), ago: agoOf(at), ...MET[met as keyof typeof MET] }],
        ),
      ),
    );
    for (const [n, history] of histories.entries()) {
      const at = history.lastIndexOf('lift');
      if (at < 0) continue;
      const lifted = testClock.now() - agoOf(at);
      const skip = { reason: 'x', actor: 'ada', since: lifted - 1, expiresAt: null, lastsMs: null };
      await lake.change(idOf(n), (record) => unflagged({ ...record, skip }, lifted));
    }
    const flagged = await lake.items<Row>('auto-flag');
    const expected = histories.flatMap((history, n) => {
      const reason = expectedFlag(history);
      return reason === null ? [] : [[idOf(n), reason]];
    });
    expect(flagged.map(({ target, reason }) => [target, reason])).toEqual(expected);
    expect(expected.length).toBeGreaterThan(20);
    expect(await lake.items('auto-flag')).toEqual([]);
  });
});
