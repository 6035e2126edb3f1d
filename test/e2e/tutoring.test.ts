import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, type CivilDate, datesBetween } from '../../core/calendar/civil-date.ts';
import { completeness } from '../../core/completeness/completeness.ts';
import { isClosed } from '../../demo/tutoring/lessons.ts';
import { FEEDS } from '../../demo/tutoring/people.ts';
import { startTutoringSite, type TutoringSite, tutoringFaults } from '../../demo/tutoring/site.ts';
import { recordsOn } from '../../demo/tutoring/truth.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { tutoring } from '../../sources/tutoring/source.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { todayOf } from './support/test-time.ts';

const SEED = 5;
let directory: string;
let clock: ImpatientClock;
let site: TutoringSite;
let platform: LocalPlatform;
let today: CivilDate;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-tutoring-'));
  clock = new ImpatientClock();
  today = todayOf(tutoring, clock);
  site = await startTutoringSite({
    ...{ seed: SEED, today, faults: tutoringFaults(today) },
    now: () => clock.now(),
  });
  const env = { RESCRAPE_TUTORING_URL: site.url, RESCRAPE_TUTORING_MIN_DELAY_MS: '0' };
  platform = openLocalPlatform({ directory, env, clock, sources: [tutoring] });
});
afterEach(async () => {
  await platform.close();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

async function run(start = addDays(today, -6), end = today) {
  const ended = await runLocally(platform, { source: 'tutoring', start, end, force: false });
  if (ended.kind !== 'finished') throw new Error(`the run ended ${ended.kind}: ${JSON.stringify(ended)}`);
  return ended.summary;
}

interface Published {
  readonly feed: string;
  readonly date: string;
  readonly list: string;
  readonly record: unknown;
}
const published = async () => {
  const rows = await query(
    platform,
    'SELECT feed, date::VARCHAR "date", list, kind, record_id, updated_at, record FROM tutoring_records',
  );
  return rows
    .map((row) => ({ ...row, record: JSON.parse(String(row.record)) as unknown }) as Published)
    .toSorted(byText);
};
const byText = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
const LIST_OF = { tutor: 'tutors', student: 'students', session: 'sessions', feedback: 'feedback' };

function truth(dates: readonly CivilDate[]) {
  return FEEDS.flatMap((feed) => dates.flatMap((date) => recordsOn(SEED, { feed, date, today })))
    .map(({ feed, date, kind, key, record }) => ({
      ...{ feed, date, list: LIST_OF[kind], kind, record_id: key },
      updated_at: record.updated_at ?? null,
      record: JSON.parse(JSON.stringify(record)) as unknown,
    }))
    .toSorted(byText);
}

describe('a week of two feeds', () => {
  it('comes home whole, page by page, over a server that fails once and one that is asked too much', async () => {
    const { run: row } = await run();
    expect(row).toMatchObject({ status: 'succeeded', items_failed: 0 });
    const dates = [...datesBetween(addDays(today, -6), today)];
    expect(await published()).toEqual(truth(dates));
    expect(
      site.requests
        .filter(({ fault }) => fault)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([429, 500]);

    const asked = { start: dates[0]!, end: today, today, now: clock.now(), lake: platform.lake };
    const report = await completeness(platform.state, tutoring, asked);
    for (const { target, dates: days } of report.targets)
      for (const { date, status } of days.slice(0, -1))
        expect([target, date, status]).toEqual([
          target,
          date,
          // A closed day among open ones is doubted, though the site says so itself.
          isClosed(target as 'north' | 'south', date) ? 'suspicious' : 'complete',
        ]);
  });

  it('changes nothing where nothing has changed, and takes what another day has corrected', async () => {
    await run();
    const again = await run();
    for (const { result } of again.partitions) expect(result !== 'broken' && result.status).toBe('unchanged');
    await clock.sleep(86_400_000);
    const before = today;
    today = todayOf(tutoring, clock);
    site.setToday(today);
    expect((await run()).run.status).toBe('succeeded');
    const now = await published();
    expect(now.filter(({ date }) => date >= addDays(today, -6))).toEqual(
      truth([...datesBetween(addDays(today, -6), today)]),
    );
    expect(now.some(({ date }) => date === addDays(before, -6))).toBe(true);
  });
});

describe('an answer that cannot be whole', () => {
  type Body = Readonly<Record<string, unknown>> & { readonly records: readonly Record<string, unknown>[] };
  const day = () => addDays(today, -1);
  let first: unknown;
  const cases: readonly [string, string, string, (body: Body) => unknown, string][] = [
    [
      'gives fewer records than it says',
      'students',
      'PARSE_ERROR',
      (body) => ({ ...body, records: body.records.slice(1) }),
      'count says',
    ],
    [
      'ends before its total',
      'students',
      'PARSE_ERROR',
      (body) => ({ ...body, next_cursor: null }),
      'total says 60',
    ],
    [
      'repeats records of its first page',
      'students',
      'VALIDATION_ERROR',
      (body) => {
        const { records, next_cursor: next } = body;
        if (next !== null) first = records.slice(0, 10);
        return next === null ? { ...body, records: first } : body;
      },
      'stands on an earlier page',
    ],
    [
      'goes round in a circle',
      'students',
      'VALIDATION_ERROR',
      (body) => ({ ...body, total: 900, next_cursor: 'YWZ0ZXI6MjU' }),
      'which it had before',
    ],
    [
      'has an id twice',
      'tutors',
      'VALIDATION_ERROR',
      (body) => ({ ...body, records: [body.records[0], ...body.records.slice(0, -1)] }),
      'stands twice',
    ],
    [
      'has a session of another date',
      'sessions',
      'PARSE_ERROR',
      (body) => ({
        ...body,
        records: body.records.map((one) => ({ ...one, scheduled_start: '2020-02-29T00:00:00Z' })),
      }),
      'is on 2020-02-29',
    ],
    [
      'is of another feed',
      'tutors',
      'HTML_CHANGED',
      (body) => ({ ...body, feed: 'east' }),
      'the answer is east',
    ],
    [
      'has a record without an id',
      'students',
      'PARSE_ERROR',
      (body) => ({ ...body, records: [{ ...body.records[0], student_id: 7 }, ...body.records.slice(1)] }),
      'student_id is no text',
    ],
  ];
  it.each(cases)(
    'since it %s is told, and never taken for a whole list',
    async (_, list, code, change, message) => {
      site.tamper(`/v1/feeds/north/days/${day()}/${list}`, (body) => change(body as Body));
      const { run: row } = await run(day(), day());
      expect(row).toMatchObject({ status: 'incomplete', items_failed: 1 });
      const [failed] = await query(
        platform,
        "SELECT item_id item, error_code, error_message FROM attempts WHERE status <> 'success' AND error_code NOT IN ('SERVER_ERROR', 'RATE_LIMITED')",
      );
      expect(failed).toMatchObject({ item: list, error_code: code });
      expect(failed!.error_message).toContain(message);
      const rows = await published();
      const of = (one: string) => rows.filter((found) => found.feed === 'north' && found.list === one).length;
      expect([of(list), of('students') + of('tutors') > 0]).toEqual([0, true]);
    },
  );

  it('leaves an index that lost a list without effect', async () => {
    await run(day(), day());
    const before = await published();
    site.tamper(`/v1/feeds/north/days/${day()}`, (body) => ({ ...body, lists: [{ list: 'tutors' }] }));
    const { run: row } = await run(day(), day());
    expect(row.status).not.toBe('succeeded');
    expect(await published()).toEqual(before);
  });
});
