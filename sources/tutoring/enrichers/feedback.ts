import * as z from 'zod';
import { writtenTimeSchema } from '../../../core/calendar/written-time.ts';
import type { Enricher, EntityData, Related } from '../../../core/enrich/enricher.ts';
import { decimalOf, toHundredths, toOneScale } from './decimals.ts';
import { timeOf } from './times.ts';

const CATEGORIES = [
  'subject_knowledge_rating',
  'communication_rating',
  'patience_rating',
  'engagement_rating',
  'helpfulness_rating',
] as const;
const POSITIVE_FROM = 4;
const POOR_BELOW = 3;
const NS_OF_HOUR = 3_600_000_000_000n;

export const feedback: Enricher = {
  kind: 'feedback',
  table: 'feedback',
  key: 'feedback_id',
  schema: z.object({
    feedback_id: z.string().describe('Tells the feedback from others'),
    session_id: z.string(),
    student_id: z.string(),
    tutor_id: z.string(),
    overall_rating: z.number(),
    submitted_at: writtenTimeSchema,
    is_first_session: z.boolean().nullish(),
    subject_knowledge_rating: z.number().nullish(),
    communication_rating: z.number().nullish(),
    patience_rating: z.number().nullish(),
    engagement_rating: z.number().nullish(),
    helpfulness_rating: z.number().nullish(),
    would_recommend: z.boolean().nullish(),
    improvement_areas: z.array(z.string()).nullish(),
    free_text_feedback: z.string().nullish(),
    session_scheduled_start: writtenTimeSchema.nullish(),
  }),
  derived: z.object({
    is_positive: z.boolean().optional().describe('overall_rating is 4 or more'),
    is_poor: z.boolean().optional().describe('overall_rating is below 3'),
    avg_category_rating: z.number().optional().describe('Mean of the ratings of categories that are there'),
    category_variance: z.number().optional().describe('Population variance of the same'),
    has_text_feedback: z.boolean().optional().describe('free_text_feedback is more than white space'),
    feedback_delay_hours: z
      .number()
      .optional()
      .describe(
        'Hours from the scheduled start of the session to submitted_at; negative where it came before',
      ),
  }),
  references: [
    { field: 'tutor_id', kind: 'tutor' },
    { field: 'student_id', kind: 'student' },
    {
      field: 'session_id',
      kind: 'session',
      reads: ({ session_scheduled_start }) => (session_scheduled_start ?? null) === null,
    },
  ],
  day: { field: 'submitted_at' },
  derive(record, _now, related) {
    const rating = record.overall_rating as number;
    const text = record.free_text_feedback;
    return {
      is_positive: rating >= POSITIVE_FROM,
      is_poor: rating < POOR_BELOW,
      ...ofCategories(CATEGORIES.map((name) => record[name]).filter((each) => typeof each === 'number')),
      has_text_feedback: typeof text === 'string' && text.trim() !== '',
      ...delay(record, related),
    };
  },
};

function ofCategories(ratings: readonly number[]): EntityData {
  if (ratings.length === 0) return {};
  const { units, scale } = toOneScale(ratings.map(decimalOf));
  const [count, one] = [BigInt(ratings.length), 10n ** BigInt(scale)];
  const sum = units.reduce((total, each) => total + each, 0n);
  const squares = units.reduce((total, each) => total + each * each, 0n);
  return known({
    avg_category_rating: toHundredths(sum, count * one),
    category_variance: toHundredths(count * squares - sum * sum, count * count * one * one),
  });
}

function delay(record: EntityData, { session_id: session }: Related): EntityData {
  const start = timeOf(record.session_scheduled_start ?? session?.scheduled_start);
  const submitted = timeOf(record.submitted_at)!;
  return start ? known({ feedback_delay_hours: toHundredths(submitted.ns - start.ns, NS_OF_HOUR) }) : {};
}

function known(fields: Readonly<Record<string, number | undefined>>): EntityData {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
