import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enrichRecord } from '../../../core/enrich/engine.ts';
import type { EntityData, Related } from '../../../core/enrich/enricher.ts';
import { columnsOf } from '../../../core/schema/columns.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';
import { RECORDS } from './records.ts';

const NOW = '2024-11-07T12:00:00Z';

type Kind = keyof typeof RECORDS;

const enricherOf = (kind: string) => ENRICHERS.find((each) => each.kind === kind)!;

/** What is derived of the record of that kind, with other fields. */
function derived(kind: Kind, fields: EntityData, now = NOW, related: Related = {}) {
  const enricher = enricherOf(kind);
  const answer = enrichRecord(enricher, { ...RECORDS[kind], ...fields }, Date.parse(now), related);
  return answer.kind === 'enriched' ? answer.derived : answer;
}

/** Of cases of one field: `[fields, value]`; a value that is undefined is left out. */
function cases(kind: Kind, name: string, list: readonly (readonly [EntityData, unknown, string?])[]) {
  for (const [fields, value, now] of list)
    it(`${name} of ${JSON.stringify(fields)} is ${value}`, () => {
      const answer = derived(kind, fields, now);
      expect(answer).not.toHaveProperty('kind', 'invalid');
      if (value === undefined) expect(answer).not.toHaveProperty(name);
      else expect(answer).toHaveProperty(name, value);
    });
}

describe('of a tutor', () => {
  const since = (text: string) => ({ onboarding_date: text });
  cases('tutor', 'tenure_days', [
    [since('2024-01-15T00:00:00Z'), 297],
    [since('2024-11-07T12:00:00Z'), 0],
    [since('2024-11-06T12:00:00Z'), 1],
    [since('2024-11-06T12:00:00.000000001Z'), 0],
    [since('2024-11-06T12:00:00.001Z'), 0],
    [since('2024-11-07T12:00:01Z'), 0],
    [since('2024-11-08T12:00:00Z'), 0],
    [since('9999-12-31'), 0],
    [since('2024-11-06 14:00:00+02:00'), 1],
    [since('2024-11-06T11:59:59-01:00'), 0],
    [since('0001-01-01'), 739196],
    [since('2024-02-29'), 1, '2024-03-01T23:59:59.999Z'],
    [since('2023-03-10T12:00:00-05:00'), 1, '2023-03-12T12:00:00-04:00'],
  ]);
  const ago = (days: number, more = 0) =>
    since(new Date(Date.parse(NOW) - days * 86_400_000 - more).toISOString());
  cases('tutor', 'is_new_tutor', [
    [ago(0), true],
    [ago(29, 86_399_999), true],
    [ago(30), false],
    [ago(-5), true],
  ]);
  cases('tutor', 'experience_level', [
    [ago(89, 86_399_999), 'junior'],
    [ago(90), 'mid'],
    [ago(364, 86_399_999), 'mid'],
    [ago(365), 'senior'],
    [ago(366), 'senior'],
    [ago(-1), 'junior'],
  ]);
  cases('tutor', 'subject_count', [
    [{ subjects: [] }, 0],
    [{ subjects: ['Math', 'Math', ''] }, 3],
  ]);
  const updated = (text: string | null) => ({ updated_at: text });
  cases('tutor', 'is_active_today', [
    [{}, undefined],
    [updated(null), undefined],
    [updated('2024-11-07'), true],
    [updated('2024-11-07T23:59:59.999Z'), true],
    [updated('2024-11-08T00:00:00Z'), false],
    [updated('2024-11-06T23:59:59.999Z'), false],
    [updated('2024-11-08T01:00:00+02:00'), true],
    [updated('2024-11-07T01:00:00+02:00'), false],
    [updated('2024-11-06T20:00:00-05:00'), true],
    [updated('1969-12-31T23:00:00Z'), true, '1969-12-31T00:00:00Z'],
  ]);
});

it('of a student nothing is derived', () => {
  expect(derived('student', { age: 12 })).toEqual({});
});

describe('of a session', () => {
  const at = (text: string) => ({ scheduled_start: text });
  cases('session', 'is_weekend', [
    [at('2024-11-08T23:59:59Z'), false],
    [at('2024-11-09'), true],
    [at('2024-11-10T23:59:59Z'), true],
    [at('2024-11-11T00:00:00Z'), false],
    [at('2024-11-09T00:30:00+05:30'), true],
    [at('2024-11-08T23:30:00-08:00'), false],
    [at('2024-11-10T23:30:00-08:00'), true],
    [at('0001-01-06'), true],
    [at('1969-12-28'), true],
  ]);
  const hours = ['night', 'night', 'night', 'night', 'night', ...Array(7).fill('morning')];
  hours.push(...Array(5).fill('afternoon'), ...Array(5).fill('evening'), 'night', 'night');
  cases(
    'session',
    'time_of_day',
    hours.flatMap((name, hour) => [
      [at(`2024-11-09T${String(hour).padStart(2, '0')}:00:00Z`), name] as const,
      [at(`2024-11-09 ${String(hour).padStart(2, '0')}:59:59.999-11:30`), name] as const,
    ]),
  );
  cases('session', 'week_of_year', [
    [at('2024-12-29T23:59:59Z'), 52],
    [at('2024-12-30'), 1],
    [at('2021-01-03'), 53],
    [at('2021-01-04'), 1],
    [at('2020-12-31'), 53],
    [at('2026-12-31'), 53],
    [at('2027-01-03T23:59:59-12:00'), 53],
    [at('2016-01-01'), 53],
    [at('2023-01-01'), 52],
    [at('2024-02-29'), 9],
    [at('0001-01-01'), 1],
    [at('9999-12-31'), 52],
  ]);
  cases('session', 'month_of_year', [
    [at('2024-01-31T23:59:59-12:00'), 1],
    [at('2024-02-01T00:00:00+14:00'), 2],
    [at('2024-12-31'), 12],
  ]);
  const late = (minutes: number | null) => ({ late_start_minutes: minutes });
  cases('session', 'is_late_start', [
    [{}, false],
    [late(null), false],
    [late(0), false],
    [late(5), false],
    [late(5.01), true],
    [late(6), true],
    [late(-10), false],
  ]);
  const from = (actual_start: string | null, more: EntityData = {}) => ({
    scheduled_start: '2024-11-09T10:00:00+01:00',
    duration_minutes: 60,
    actual_start,
    ...more,
  });
  cases('session', 'actual_duration_minutes', [
    [{}, undefined],
    [from(null), undefined],
    [from(null, { actual_end: '2024-11-09T11:00:00+01:00' }), undefined],
    [from('2024-11-09T10:00:00+01:00'), 60],
    [from('2024-11-09T09:00:00Z'), 60],
    [from('2024-11-09T09:10:00'), 50],
    [from('2024-11-09T08:50:00Z'), 60],
    [from('2024-11-09T09:07:30Z'), 52],
    [from('2024-11-09T09:00:00.000000001Z'), 59],
    [from('2024-11-09T09:59:00Z'), 1],
    [from('2024-11-09T10:00:00Z'), 0],
    [from('2024-11-09T12:00:00Z'), 0],
    [from('2024-11-09T09:00:00Z', { duration_minutes: 45.5 }), 45],
    [from('2024-11-09T09:00:00Z', { duration_minutes: -5 }), 0],
    [from('2024-11-09T09:00:00Z', { duration_minutes: 1e300 }), undefined],
    [from('2024-11-09T09:05:00Z', { actual_end: '2024-11-09T10:20:00Z' }), 75],
    [from('2024-11-09T09:05:00Z', { actual_end: '2024-11-09 10:04:59.9' }), 59],
    [from('2024-11-09T09:05:00Z', { actual_end: '2024-11-09T09:05:00Z' }), 0],
    [from('2024-11-09T09:05:00Z', { actual_end: '2024-11-09T09:00:00Z' }), 0],
    [from('2024-11-09T09:05:00Z', { actual_end: null }), 55],
  ]);
});

describe('of feedback', () => {
  const rated = (rating: number) => ({ overall_rating: rating });
  cases('feedback', 'is_positive', [
    [rated(5), true],
    [rated(4), true],
    [rated(3.99), false],
    [rated(3), false],
  ]);
  cases('feedback', 'is_poor', [
    [rated(1), true],
    [rated(2.99), true],
    [rated(3), false],
    [rated(4), false],
  ]);
  const NAMES = ['subject_knowledge', 'communication', 'patience', 'engagement', 'helpfulness'];
  const of = (...ratings: readonly (number | null)[]) =>
    Object.fromEntries(ratings.map((rating, at) => [`${NAMES[at]}_rating`, rating]));
  cases('feedback', 'avg_category_rating', [
    [{}, undefined],
    [of(null, null, null, null, null), undefined],
    [of(0), 0],
    [of(4), 4],
    [of(4, 5), 4.5],
    [of(4, null, 5), 4.5],
    [of(5, 4, 4), 4.33],
    [of(5, 5, 4), 4.67],
    [of(1, 2, 3, 4, 5), 3],
    [of(4.005), 4.01],
    [of(1.005), 1.01],
    [of(-1.005), -1.01],
    [of(4.5, 4, 4, 4), 4.13],
    [of(0.1, 0.2), 0.15],
    [of(1e21, 1e21), 1e21],
    [of(1e-7), 0],
    [of(-1e-7), 0],
  ]);
  cases('feedback', 'category_variance', [
    [{}, undefined],
    [of(3), 0],
    [of(null, 3), 0],
    [of(4, 4, 4, 4, 4), 0],
    [of(4, 5), 0.25],
    [of(1, 5), 4],
    [of(5, 4, 4), 0.22],
    [of(1, 2, 3, 4, 5), 2],
    [of(4, 4.2), 0.01],
    [of(0.1, 0.3), 0.01],
    [of(1e9, 1e9 + 1), 0.25],
    [of(1e200, -1e200), undefined],
  ]);
  const said = (text: string | null) => ({ free_text_feedback: text });
  cases('feedback', 'has_text_feedback', [
    [{}, false],
    [said(null), false],
    [said(''), false],
    [said(' \t\r\n\u00a0\u2003'), false],
    [said(' x '), true],
    [said('0'), true],
  ]);
  const between = (start: string | null, end: string) => ({
    session_scheduled_start: start,
    submitted_at: end,
  });
  cases('feedback', 'feedback_delay_hours', [
    [between(null, '2024-11-09'), undefined],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:00:00Z'), 0],
    [between('2024-11-09T10:00:00Z', '2024-11-09T12:30:00Z'), 2.5],
    [between('2024-11-09T10:00:00+02:00', '2024-11-09T10:00:00Z'), 2],
    [between('2024-11-09T10:00:00Z', '2024-11-09T09:00:00Z'), -1],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:20:00Z'), 0.33],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:00:17.999999999Z'), 0],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:00:18Z'), 0.01],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:00:54Z'), 0.02],
    [between('2024-11-09T10:00:00Z', '2024-11-09T10:07:30Z'), 0.13],
    [between('2024-11-09T10:00:00Z', '2024-11-09T09:59:42Z'), -0.01],
    [between('2024-11-09T10:00:00Z', '2024-11-09T09:59:50Z'), 0],
    [between('2024-02-28', '2024-03-01'), 48],
    [between('2023-02-28', '2023-03-01'), 24],
    [between('2024-03-10T01:30:00-05:00', '2024-03-10T03:30:00-04:00'), 1],
    [between('0001-01-01', '9999-12-31T23:59:59Z'), 87_649_416],
  ]);

  it('takes the start from the stored session only where it does not carry it', () => {
    const session = { session_id: { scheduled_start: '2024-11-09T08:00:00Z' } };
    const submitted = { submitted_at: '2024-11-09T10:00:00Z' };
    expect(derived('feedback', submitted, NOW, session)).toMatchObject({ feedback_delay_hours: 2 });
    const own = { ...submitted, session_scheduled_start: '2024-11-09T09:00:00Z' };
    expect(derived('feedback', own, NOW, session)).toMatchObject({ feedback_delay_hours: 1 });
    const { reads } = ENRICHERS.at(-1)!.references.find(({ kind }) => kind === 'session')!;
    const records: EntityData[] = [{}, { session_scheduled_start: null }, own];
    expect(records.map((record) => reads!(record))).toEqual([true, true, false]);
  });
});

describe.each(ENRICHERS)('$kind', ({ kind, schema, derived: derivedSchema, key, references, day }) => {
  const fields = Object.entries(schema.shape);
  const required = fields.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => name);

  it('has columns for its fields, and none of what is derived is a field as well', () => {
    expect(columnsOf(schema).map(({ name }) => name)).toEqual(fields.map(([name]) => name));
    const names = columnsOf(derivedSchema).map(({ name }) => name);
    expect(names.filter((name) => name in schema.shape)).toEqual([]);
    const dayField = day === 'snapshot' ? [] : [day.field];
    expect(required).toEqual(
      expect.arrayContaining([key, ...dayField, ...references.map((each) => each.field)]),
    );
  });

  it.each(required)('is invalid without %s, or with null for it', (name) => {
    const line = { kind: 'invalid', errors: [`${name}: missing`] };
    expect(derived(kind as Kind, { [name]: null })).toEqual(line);
    const { [name]: _, ...rest } = RECORDS[kind as Kind] as EntityData;
    expect(enrichRecord(enricherOf(kind), rest, 0, {})).toEqual(line);
  });

  it.each(fields.map(([name]) => name))('is invalid with an object for %s, and says so', (name) => {
    const errors = [expect.stringMatching(new RegExp(`^${name}: (?:not|neither) `))];
    expect(derived(kind as Kind, { [name]: {} })).toEqual({
      kind: 'invalid',
      errors,
    });
  });

  it('derives what fits its schema of derived fields, whatever its numbers are', () => {
    const start = { actual_start: '2024-11-09T10:00:00Z', session_scheduled_start: '2024-11-09' };
    const numbers = fields.filter(([, field]) => field.safeParse(5).success).map(([name]) => name);
    const any = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
    const drawn = fc.record(Object.fromEntries(numbers.map((name) => [name, any])));
    fc.assert(
      fc.property(drawn, (more) => {
        const answer = derived(kind as Kind, { ...start, ...more });
        expect(derivedSchema.strict().safeParse(answer).error).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
