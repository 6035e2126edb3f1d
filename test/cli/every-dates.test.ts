import { describe, expect, it, vi } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import { todayOf } from '../e2e/support/test-time.ts';
import { districts } from '../sources-of-tests/districts.ts';
import { DistrictsDirectory } from './support/districts.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();
const today = todayOf(districts);

describe('the dates of a source that finds what is there now', () => {
  it.each([{ words: [] }, { words: ['--dry-run'] }])(
    'are those of today, and a run of others is refused: run $words',
    async ({ words }) => {
      const past = ['--start', '2020-02-01', '--end', '2020-02-01'];
      const { code, stderr } = await lake.say('run', 'districts', '--all', ...past, ...words);
      expect(stderr).toContain("districts finds what is there now: its runs have today's date");
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    },
  );

  it('are the last 7 for completeness, where nobody says others; before it was registered nothing is missing', async () => {
    const [report] = await lake.items('completeness', 'districts');
    expect(report).toMatchObject({ start: addDays(today, -6), end: today });
    expect(report!.partitions).toMatchObject({ missing: 0, empty: 12, open: 2 });
    const [one] = await lake.items('completeness', 'districts', '--end', today);
    expect(one).toMatchObject({ start: today, end: today });
  });
});
