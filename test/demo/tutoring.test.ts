import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays, type CivilDate, civilDate } from '../../core/calendar/civil-date.ts';
import { faceIn, later, utcFace, utcMinutes, written } from '../../demo/tutoring/clock-face.ts';
import { feedbackTruth, sessionTruth, tutorTruth } from '../../demo/tutoring/derived-truth.ts';
import { type DemoSession, feedbackOn, isClosed, sessionsOn } from '../../demo/tutoring/lessons.ts';
import { FEEDS, tutorsOn } from '../../demo/tutoring/people.ts';
import { PER_PAGE, startTutoringSite, type TutoringSite } from '../../demo/tutoring/site.ts';
import { type Look, recordsOn, tutoringTruth } from '../../demo/tutoring/truth.ts';

const TODAY = civilDate('2026-11-22');
const SEED = 3;
const DATES = Array.from({ length: 7 }, (_, back) => addDays(TODAY, back - 6));
const week = (today: CivilDate = TODAY): Look[] =>
  FEEDS.flatMap((feed) => DATES.map((date) => ({ feed, date, today })));

describe('a clock', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', 90, '2026-03-29T01:30:00+01:00'],
    ['Europe/Berlin', '2026-03-29', 150, '2026-03-29T03:30:00+02:00'],
    ['Europe/Berlin', '2026-10-25', 210, '2026-10-25T03:30:00+01:00'],
    ['America/New_York', '2026-03-08', 60, '2026-03-08T01:00:00-05:00'],
    ['America/New_York', '2026-03-08', 180, '2026-03-08T03:00:00-04:00'],
    ['America/New_York', '2026-11-01', 1439, '2026-11-01T23:59:00-05:00'],
  ])('of %s shows on %s at minute %i %s', (zone, date, minute, text) => {
    const face = faceIn(zone, civilDate(date), minute);
    expect(written(face)).toBe(text);
    expect(utcMinutes(face)).toBe(Date.parse(text) / 60_000);
  });

  it('goes on over midnight, and is written in three ways more', () => {
    const date = civilDate('2026-12-31');
    expect(written(later(utcFace(date, 1439, 'zulu'), 2))).toBe('2027-01-01T00:01:00Z');
    expect(written(utcFace(date, 61, 'bare'))).toBe('2026-12-31T01:01:00');
    expect(written(utcFace(date, 61, 'spaced'))).toBe('2026-12-31 01:01:00');
  });
});

describe('the truth of what is derived', () => {
  const session = (date: string, minute: number, more: Partial<DemoSession> = {}) => ({
    ...sessionsOn(SEED, 'north', TODAY, TODAY)[5]!,
    start: utcFace(civilDate(date), minute, 'zulu'),
    ...{ late: undefined, lasted: undefined, planned: 60 },
    ...more,
  });

  it.each([
    ['2024-12-30', 299, { week_of_year: 1, month_of_year: 12, is_weekend: false, time_of_day: 'night' }],
    ['2021-01-03', 300, { week_of_year: 53, month_of_year: 1, is_weekend: true, time_of_day: 'morning' }],
    ['2026-12-31', 719, { week_of_year: 53, time_of_day: 'morning' }],
    ['2027-01-04', 720, { week_of_year: 1, time_of_day: 'afternoon' }],
    ['2026-11-22', 1019, { week_of_year: 47, is_weekend: true, time_of_day: 'afternoon' }],
    ['2026-11-23', 1020, { week_of_year: 48, is_weekend: false, time_of_day: 'evening' }],
    ['2026-11-21', 1319, { is_weekend: true, time_of_day: 'evening' }],
    ['2026-11-20', 1320, { is_weekend: false, time_of_day: 'night' }],
  ])('of a session on %s at minute %i', (date, minute, expected) => {
    expect(sessionTruth(session(date, minute))).toMatchObject(expected);
  });

  it('tells five minutes late from six, and how long it was', () => {
    const at = (late: number | undefined, lasted?: number) =>
      sessionTruth(session('2026-11-22', 600, { late, lasted }));
    expect(at(undefined)).not.toHaveProperty('actual_duration_minutes');
    expect(at(5)).toMatchObject({ is_late_start: false, actual_duration_minutes: 55 });
    expect(at(6)).toMatchObject({ is_late_start: true, actual_duration_minutes: 54 });
    expect(at(90)).toMatchObject({ actual_duration_minutes: 0 });
    expect(at(6, 80)).toMatchObject({ actual_duration_minutes: 80 });
  });

  it.each([
    [-1, { tenure_days: 0, is_new_tutor: true, experience_level: 'junior' }],
    [29, { tenure_days: 29, is_new_tutor: true }],
    [30, { tenure_days: 30, is_new_tutor: false, experience_level: 'junior' }],
    [89, { experience_level: 'junior' }],
    [90, { experience_level: 'mid' }],
    [364, { experience_level: 'mid' }],
    [365, { experience_level: 'senior' }],
  ])('of a tutor after %i days', (days, expected) => {
    const onboarding = utcFace(civilDate('2025-06-01'), 600, 'zulu');
    const tutor = { ...tutorsOn(SEED, 'north', TODAY)[0]!, onboarding };
    const now = Date.parse('2025-06-01T10:00:00Z') + days * 86_400_000;
    expect(tutorTruth(tutor, now)).toMatchObject(expected);
    if (days > 0) expect(tutorTruth(tutor, now - 1)).toMatchObject({ tenure_days: days - 1 });
  });

  it('of feedback', () => {
    const start = faceIn('America/New_York', civilDate('2026-11-22'), 1380);
    const submitted = utcFace(civilDate('2026-11-23'), 245, 'zulu');
    const [one] = feedbackOn(SEED, 'north', civilDate('2026-11-20'));
    const given = { ...one!, categories: [4, undefined, 5, 3, undefined], rating: 3, text: ' \n', submitted };
    expect(feedbackTruth(given, start)).toEqual({
      is_positive: false,
      is_poor: false,
      avg_category_rating: 4,
      category_variance: 0.67,
      has_text_feedback: false,
      feedback_delay_hours: 0.08,
    });
    const none = { ...given, categories: [], rating: 4, text: 'Good' };
    expect(feedbackTruth(none, undefined)).toEqual({
      is_positive: true,
      is_poor: false,
      has_text_feedback: true,
    });
  });
});

describe('a week of tutoring', () => {
  const all = week().flatMap((look) => recordsOn(SEED, look));
  const count = (kind: string, date: CivilDate) =>
    all.filter((record) => record.kind === kind && record.date === date).length;

  it('is as large as a small school', () => {
    expect(count('student', DATES[2]!)).toBe(120);
    for (const date of DATES.slice(0, 6)) {
      expect(count('session', date)).toBeGreaterThanOrEqual(20);
      expect(count('session', date)).toBeLessThanOrEqual(82);
      expect(count('tutor', date)).toBeGreaterThan(28);
    }
    expect(isClosed('south', TODAY)).toBe(true);
  });

  it('has each id once in a list, and each session and feedback once in all lists of a day', () => {
    const keys = (kinds: readonly string[]) =>
      all
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ kind, key, feed, date }) =>
          kind === 'session' || kind === 'feedback' ? key : [key, feed, date].join(),
        );
    for (const kind of ['tutor', 'student', 'session', 'feedback'])
      expect(new Set(keys([kind])).size).toBe(keys([kind]).length);
  });

  it('lists sessions and feedback under the date that their time carries itself', () => {
    for (const { kind, date, record } of all) {
      const time = kind === 'session' ? record.scheduled_start : record.submitted_at;
      if (kind === 'session' || kind === 'feedback') expect(String(time).slice(0, 10)).toBe(date);
    }
  });

  it('lets sessions wait for who stands in, until the next day', () => {
    const { parked, rows, invalid } = tutoringTruth(SEED, week());
    const waiting = parked.filter(({ kind }) => kind === 'session');
    expect(waiting.map(({ date, feed }) => `${feed} ${date}`)).toEqual(
      // The south is closed on Sunday, and lists who stood in on Saturday on Monday.
      ['north', 'south'].flatMap((feed) => {
        const date = feed === 'north' ? TODAY : addDays(TODAY, -1);
        return [`${feed} ${date}`, `${feed} ${date}`];
      }),
    );
    const healed = rows.filter(({ needs }) => needs.some(({ key }) => key.includes('-SUB-')));
    expect(healed.length).toBeGreaterThan(20);
    const lost = parked.filter(({ key }) => key.endsWith('-99'));
    expect(lost.length).toBeGreaterThanOrEqual(2);
    expect(new Set(invalid.map(({ kind }) => kind))).toEqual(new Set(['tutor', 'session', 'feedback']));
  });

  it('moves sessions and corrects them on the next day, with a newer updated_at', () => {
    const date = addDays(TODAY, -3);
    const before = recordsOn(SEED, { feed: 'north', date, today: date });
    const after = recordsOn(SEED, { feed: 'north', date, today: TODAY });
    const next = recordsOn(SEED, { feed: 'north', date: addDays(date, 1), today: TODAY });
    const of = (records: typeof before, key: string) => records.find((record) => record.key === key);
    const other = before.filter(({ key, record }) => {
      const then = of(after, key);
      return then && JSON.stringify(then.record) !== JSON.stringify(record);
    });
    expect(other.filter(({ kind }) => kind === 'session').length).toBeGreaterThan(0);
    const moved = before.filter(({ kind, key }) => kind === 'session' && !of(after, key));
    expect(moved).toHaveLength(1);
    expect(of(next, moved[0]!.key)!.updatedAt).toBeGreaterThan(moved[0]!.updatedAt ?? 0);
    const { rows } = tutoringTruth(SEED, [
      ...DATES.slice(0, 4).map((day) => ({ feed: 'north' as const, date: day, today: date })),
      ...week(),
    ]);
    expect(rows.filter(({ key }) => key === moved[0]!.key).map((row) => row.date)).toEqual([
      addDays(date, 1),
    ]);
  });
});

describe('the demo site of tutoring', () => {
  let site: TutoringSite;
  beforeAll(async () => {
    site = await startTutoringSite({ seed: SEED, today: TODAY, now: () => 0 });
  });
  afterAll(() => site.close());

  const ask = async (path: string) => {
    const response = await fetch(site.url + path);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('gives a list page by page, and no page that there is not', async () => {
    const path = `/v1/feeds/north/days/${DATES[3]}/students`;
    const ids: unknown[] = [];
    let cursor: unknown = '';
    for (let page = 0; typeof cursor === 'string'; page++) {
      const { body }: Awaited<ReturnType<typeof ask>> = await ask(cursor ? `${path}?cursor=${cursor}` : path);
      const records = body.records as { student_id: string }[];
      expect(records).toHaveLength(page < 2 ? PER_PAGE : 10);
      expect(body).toMatchObject({ total: 60, count: records.length });
      ids.push(...records.map(({ student_id }) => student_id));
      cursor = body.next_cursor;
    }
    expect(new Set(ids).size).toBe(60);
    expect((await ask(`${path}?cursor=x`)).status).toBe(400);
    expect((await ask(path.replace('students', 'parents'))).status).toBe(404);
    expect((await ask(`/v1/feeds/north/days/${addDays(TODAY, 1)}`)).status).toBe(404);
    expect((await ask('/v1/feeds/west/days/2026-11-20')).status).toBe(404);
  });

  it('says that a day is closed', async () => {
    expect((await ask(`/v1/feeds/south/days/${TODAY}`)).body).toMatchObject({ status: 'closed', lists: [] });
    expect((await ask(`/v1/feeds/south/days/${TODAY}/sessions`)).status).toBe(404);
  });
});
