import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CrawledEnd } from '../../cli/demos/demo.ts';
import { tutoringDemo } from '../../cli/demos/tutoring.ts';
import { entityRowsSince, tutoringVerdict } from '../../cli/demos/tutoring-verdict.ts';
import { Progress } from '../../cli/progress.ts';
import { addDays, type CivilDate, datesBetween } from '../../core/calendar/civil-date.ts';
import { EntityStore } from '../../core/enrich/entity-store.ts';
import { FEEDS } from '../../demo/tutoring/people.ts';
import { tutoringTruth } from '../../demo/tutoring/truth.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { publishLocally } from '../../runtime/local-enrichment.ts';
import { tutoring } from '../../sources/tutoring/source.ts';
import { rescrape } from '../cli/support/command-line.ts';
import { tutor } from '../cli/support/records.ts';
import { testClock, todayOf } from './support/test-time.ts';

const SEED = 11;
let directory: string;
let end: CrawledEnd;
let today: CivilDate;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-tutoring-demo-'));
  today = todayOf(tutoring);
  const stage = { directory, clock: testClock, seed: SEED, hasFaults: true, progress: new Progress() };
  end = await tutoringDemo.play(stage);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the two runs of the demo saw. */
function truth() {
  const looks = [addDays(today, -1), today].flatMap((seen) =>
    FEEDS.flatMap((feed) =>
      [...datesBetween(addDays(seen, -6), seen)].map((date) => ({ feed, date, today: seen })),
    ),
  );
  return tutoringTruth(SEED, looks);
}

it('two days of records end as tables that hold what the site says, row by row and field by field', () => {
  const { enriched } = end;
  expect(enriched?.wrong).toEqual([]);
  const { rows, parked, invalid } = truth();
  expect(enriched?.verified).toMatchObject({ rows: rows.length, parked: parked.length });
  expect(Math.min(rows.length - 1000, parked.length, invalid.length)).toBeGreaterThan(5);
  for (const { kind, rows: found } of enriched!.kinds)
    expect([kind, found]).toEqual([kind, rows.filter((row) => row.kind === kind).length]);
});

it('says nothing of records that somebody pushed between two starts of the demo', async () => {
  const file = join(directory, 'tutors.jsonl');
  writeFileSync(file, `${JSON.stringify(tutor('mine-1'))}\n`);
  for (const words of [['push', '--kind', 'tutor', file], ['publish']])
    expect(await rescrape(directory, 'enrich', ...words)).toMatchObject({ code: expect.any(Number) });
  expect((await rescrape(directory, 'worker', '--once', '--only', 'enrichment')).code).toBe(0);
  const stage = { directory, clock: testClock, seed: SEED, hasFaults: true, progress: new Progress() };
  const { enriched } = await tutoringDemo.play(stage);
  expect(enriched?.wrong).toEqual([]);
  const platform = openLocalPlatform({ directory, env: {}, clock: testClock });
  try {
    const key = 'mine-1';
    expect(await new EntityStore(platform.state).get({ kind: 'tutor', key })).toMatchObject({ key });
  } finally {
    await platform.close();
  }
});

it('tells of a row that is lost, of one that is otherwise, and of a record that is no longer parked', async () => {
  const platform = openLocalPlatform({ directory, env: {}, clock: testClock });
  try {
    const { rows, parked, invalid } = truth();
    const lost = rows.find(({ kind, date }) => kind === 'feedback' && date < today)!;
    await new EntityStore(platform.state).delete({ kind: 'feedback', key: lost.key });
    await publishLocally(platform);
    const found = await entityRowsSince(platform, addDays(today, -7));
    const other = rows.find(({ kind }) => kind === 'session')!;
    const changed = {
      rows: rows.map((row) =>
        row === other ? { ...row, derived: () => ({ ...row.derived(0), week_of_year: 99 }) } : row,
      ),
      parked: [...parked, other],
      invalid: invalid.map((record) => ({ ...record, wrong: ['colour'] })).slice(0, 1),
    };
    const { wrong } = await tutoringVerdict(platform, changed, found);
    expect(wrong).toHaveLength(4);
    expect(wrong.join('\n')).toMatch(
      new RegExp(
        [
          `sessions: .*/${other.key}: week_of_year is \\d+, not 99`,
          `feedback: .*/${lost.key} is missing`,
          `session/${other.key} is not parked`,
          `does not name colour`,
        ].join('[^]*'),
      ),
    );
  } finally {
    await platform.close();
  }
});
