import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import type { CompletenessReport } from '../../core/completeness/completeness.ts';
import { lawsBrokenIn } from '../cli/support/json-law.ts';
import { startCommand } from './support/command-line.ts';
import { TODAY } from './support/test-time.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-demo-'));
  mkdirSync(join(root, 'cwd'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('the demo scrapes the last seven days as its clock has them: today is open, and all before are whole', async () => {
  const end = await startCommand(['demo', '--no-faults', '--json'], {}, join(root, 'cwd')).ended;
  expect(end).toMatchObject({ code: 0 });
  const said = JSON.parse(end.stdout) as { completeness: CompletenessReport };
  expect(lawsBrokenIn(said)).toEqual([]);
  const { completeness } = said;
  const isChristmasSeen = Array.from({ length: 6 }, (_, day) => addDays(TODAY, day - 6)).some((date) =>
    date.endsWith('-12-25'),
  );
  const verdict = isChristmasSeen ? 'suspicious' : 'open';
  expect(completeness).toMatchObject({ start: addDays(TODAY, -6), end: TODAY, verdict });
  const dates = completeness.targets.map((target) => target.dates.map(({ date }) => date));
  const week = Array.from({ length: 7 }, (_, day) => addDays(TODAY, day - 6));
  expect(dates).toEqual([week, week, week]);
  for (const { dates } of completeness.targets) {
    expect(dates.at(-1)).toMatchObject({ date: TODAY, status: 'open' });
    // Nobody races at Christmas, and a day without races among days with many is doubted.
    for (const { date, status } of dates.slice(0, -1))
      expect(status).toBe(date.endsWith('-12-25') ? 'suspicious' : 'complete');
  }
});
