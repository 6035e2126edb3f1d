import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enrichRecord } from '../../../core/enrich/engine.ts';
import type { EntityData } from '../../../core/enrich/enricher.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';
import { RECORDS } from './records.ts';

const SCRIPT = fileURLToPath(new URL('second_reckoning.py', import.meta.url));
const DAY_MS = 86_400_000;

interface Case {
  readonly kind: keyof typeof RECORDS;
  readonly now: string;
  readonly record: EntityData;
}

function reckon({ kind, now, record }: Case) {
  const enricher = ENRICHERS.find((each) => each.kind === kind)!;
  const answer = enrichRecord(enricher, record, Date.parse(now), {});
  if (answer.kind === 'invalid') throw new Error(answer.errors.join('\n'));
  return answer.derived;
}

/** Milliseconds of a date and time of UTC, by the calendar's own rules rather than by the machine's. */
function utcMs(year: number, month: number, day: number): number {
  let days = day - 1;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  for (const length of lengths.slice(0, month - 1)) days += length;
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return (before * 365 + leapDays + days - 719_162) * DAY_MS;
}

const two = (value: number) => String(value).padStart(2, '0');

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** An instant as a clock shows it that is so many minutes ahead of UTC; null: no offset is written. */
function written(ms: number, offset: number | null): string {
  const face = new Date(ms + (offset ?? 0) * 60_000).toISOString().slice(0, -1);
  return offset === null ? face : `${face}${offset === 0 ? 'Z' : offsetText(offset)}`;
}

// Edges first: leap days, ends of years, and the hours in which clocks are changed.
const EDGES = [
  '2024-02-29',
  '2000-02-29',
  '2020-12-31',
  '2021-01-03',
  '2024-12-30',
  '2024-03-10',
  '2024-11-03',
];
const instants = fc.oneof(
  fc.integer({ min: utcMs(1, 1, 3), max: utcMs(9999, 12, 29) }),
  fc.integer({ min: utcMs(2019, 1, 1), max: utcMs(2030, 1, 1) }),
  fc
    .tuple(fc.constantFrom(...EDGES), fc.integer({ min: -14 * 60, max: 38 * 60 }))
    .map(([day, minutes]) => Date.parse(day) + minutes * 60_000),
);
const offsets = fc.oneof(
  fc.constantFrom(null, 0, 60, -300, 330, 345, 840, -720),
  fc.integer({ min: -1439, max: 1439 }),
);
const times = fc.tuple(instants, offsets).map(([ms, offset]) => written(ms, offset));
/** Near that time: seconds, minutes, days, or at whole days to the millisecond. */
const spans = fc.oneof(
  fc.integer({ min: -7200, max: 7200 }).map((seconds) => seconds * 1000),
  fc.integer({ min: -600, max: 600 }).map((parts) => parts * 18_000),
  fc.integer({ min: -400 * DAY_MS, max: 400 * DAY_MS }),
  fc
    .tuple(fc.constantFrom(0, 1, 29, 30, 89, 90, 364, 365, 366), fc.integer({ min: -1, max: 1 }))
    .map(([days, ms]) => days * DAY_MS + ms),
);
const near = fc.tuple(fc.integer({ min: utcMs(2, 3, 1), max: utcMs(9998, 1, 1) }), spans, offsets, offsets);
const nearPairs = near.map(([ms, span, first, second]) => ({
  earlier: written(ms, first),
  later: written(ms + span, second),
  laterUtc: new Date(ms + span).toISOString(),
}));
const ratings = fc.option(
  fc.oneof(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 5000 }).map((value) => value / 1000),
  ),
);
const texts = fc.option(fc.constantFrom('', ' ', '\n\t', 'Fine.', ' so so '));

const tutors = fc.record({ pair: nearPairs, subjects: fc.array(fc.string()), updated: fc.option(times) });
const sessions = fc.record({
  ...{ pair: nearPairs, start: times, isAnyTime: fc.boolean(), began: fc.boolean() },
  ...{ duration: fc.integer({ min: 0, max: 300 }), end: fc.option(spans) },
  late: fc.option(fc.integer({ min: -3, max: 12 })),
});
const feedbacks = fc.record({
  ...{ pair: nearPairs, hasStart: fc.boolean(), text: texts, overall: fc.integer({ min: 1, max: 5 }) },
  ratings: fc.tuple(ratings, ratings, ratings, ratings, ratings),
});

const cases: fc.Arbitrary<Case> = fc.oneof(
  tutors.map(({ pair, subjects, updated }): Case => {
    const updated_at = updated ?? pair.later;
    const record = { ...RECORDS.tutor, onboarding_date: pair.earlier, subjects, updated_at };
    return { kind: 'tutor', now: pair.laterUtc, record };
  }),
  sessions.map(({ pair, start, isAnyTime, began, duration, end, late }): Case => {
    const scheduled_start = isAnyTime ? start : pair.earlier;
    const record = {
      ...{ ...RECORDS.session, scheduled_start, duration_minutes: duration, late_start_minutes: late },
      actual_start: began && !isAnyTime ? pair.later : null,
      actual_end: end === null ? null : new Date(Date.parse(pair.laterUtc) + end).toISOString(),
    };
    return { kind: 'session', now: pair.laterUtc, record };
  }),
  feedbacks.map(({ pair, hasStart, text, overall, ratings: all }): Case => {
    const record = {
      ...{ ...RECORDS.feedback, overall_rating: overall, submitted_at: pair.later, free_text_feedback: text },
      ...{ subject_knowledge_rating: all[0], communication_rating: all[1], patience_rating: all[2] },
      ...{ engagement_rating: all[3], helpfulness_rating: all[4] },
      session_scheduled_start: hasStart ? pair.earlier : null,
    };
    return { kind: 'feedback', now: pair.laterUtc, record };
  }),
);

const hasPython =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status === 0;

describe('a second reckoning', () => {
  it.skipIf(!hasPython)("with Python's datetime and fractions comes to the same, 2000 times", () => {
    const drawn = fc.sample(cases, { numRuns: 2000, seed: 12 });
    const input = drawn.map((each) => `${JSON.stringify(each)}\n`).join('');
    const { stdout, stderr, status } = spawnSync('python3', [SCRIPT], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    const theirs = lines.map((line, at) => ({ case: drawn[at], derived: JSON.parse(line) }));
    expect(theirs).toEqual(drawn.map((each) => ({ case: each, derived: reckon(each) })));
  });

  it('of weeks, by counting Thursdays, comes to the same for every day of 401 years', () => {
    let [week, weekday] = [52, 5]; // 1999-12-31 was a Friday of week 52
    const wrong: string[] = [];
    for (let ms = utcMs(2000, 1, 1); ms < utcMs(2401, 1, 1); ms += DAY_MS) {
      weekday = (weekday % 7) + 1;
      // A week is the first of its year where its Thursday is one of the first seven days of January.
      const thursday = new Date(ms + 3 * DAY_MS).toISOString();
      if (weekday === 1) week = /-01-0[1-7]T/.test(thursday) ? 1 : week + 1;
      const date = new Date(ms).toISOString().slice(0, 10);
      const { week_of_year, is_weekend } = reckon({
        kind: 'session',
        now: date,
        record: { ...RECORDS.session, scheduled_start: date },
      });
      if (week_of_year !== week || is_weekend !== weekday > 5) wrong.push(date);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['America/New_York', '2024-03-10', '2024-11-03'],
    ['Europe/Paris', '2024-03-31', '2024-10-27'],
    ['Australia/Lord_Howe', '2024-04-07', '2024-10-06'],
  ])(
    'of the clock face in %s, with the time zone itself, on days of its clock changes',
    (timeZone, ...days) => {
      const shown = new Intl.DateTimeFormat('en-US', {
        ...{ timeZone, hourCycle: 'h23', weekday: 'short', month: 'numeric', hour: 'numeric' },
        timeZoneName: 'longOffset',
      });
      const called = (hour: number) =>
        hour < 5 || hour > 21 ? 'night' : hour < 12 ? 'morning' : hour < 17 ? 'afternoon' : 'evening';
      for (const day of days)
        for (let minutes = -24 * 60; minutes < 48 * 60; minutes += 15) {
          const ms = Date.parse(day) + minutes * 60_000;
          const part = Object.fromEntries(shown.formatToParts(ms).map(({ type, value }) => [type, value]));
          const [, sign, hours, rest] = /GMT([+-])(\d\d):(\d\d)/.exec(part.timeZoneName!)!;
          const offset = (Number(hours) * 60 + Number(rest)) * (sign === '-' ? -1 : 1);
          const record = { ...RECORDS.session, scheduled_start: written(ms, offset) };
          expect(reckon({ kind: 'session', now: day, record })).toMatchObject({
            is_weekend: part.weekday === 'Sat' || part.weekday === 'Sun',
            time_of_day: called(Number(part.hour)),
            month_of_year: Number(part.month),
          });
        }
    },
  );

  it('of tenure, a day at a time, comes to the same on both sides of every midnight', () => {
    const onboarding = utcMs(2023, 2, 28) + 12_345_678;
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: -1, max: 0 }), offsets, (days, beside, offset) => {
        const now = new Date(onboarding + days * DAY_MS + beside).toISOString();
        const record = { ...RECORDS.tutor, onboarding_date: written(onboarding, offset) };
        expect(reckon({ kind: 'tutor', now, record }).tenure_days).toBe(Math.max(0, days + beside));
      }),
    );
  });

  it('of the variance, by the distances of all pairs, comes to the same', () => {
    const whole = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(whole, (tenths) => {
        let pairs = 0;
        for (const a of tenths) for (const b of tenths) pairs += (a - b) ** 2;
        // Of n numbers, in tenths: the squares of all distances, over 2 n² and a hundred.
        const names = ['subject_knowledge', 'communication', 'patience', 'engagement', 'helpfulness'];
        const rated = Object.fromEntries(tenths.map((value, at) => [`${names[at]}_rating`, value / 10]));
        const { category_variance } = reckon({
          kind: 'feedback',
          now: '2024-01-01',
          record: { ...RECORDS.feedback, ...rated },
        });
        expect(category_variance).toBe(Math.floor(pairs / (2 * tenths.length ** 2) + 0.5) / 100);
      }),
      { numRuns: 1000 },
    );
  });
});
