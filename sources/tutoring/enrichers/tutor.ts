import * as z from 'zod';
import { fromEpochDay } from '../../../core/calendar/civil-date.ts';
import { writtenTimeSchema } from '../../../core/calendar/written-time.ts';
import type { Enricher } from '../../../core/enrich/enricher.ts';
import { DAY_MS, daysSince, timeOf } from './times.ts';

const EXPERIENCE = ['junior', 'mid', 'senior'] as const;

/** Days of tenure: below 30 new, below 90 junior, from 365 senior. */
const NEW_BELOW = 30;
const MID_FROM = 90;
const SENIOR_FROM = 365;

export const tutor: Enricher = {
  kind: 'tutor',
  table: 'tutors',
  key: 'tutor_id',
  schema: z.object({
    tutor_id: z.string().describe('Tells the tutor from others'),
    name: z.string(),
    email: z.string(),
    onboarding_date: writtenTimeSchema.describe('When the tutor began'),
    status: z.string(),
    subjects: z.array(z.string()),
    education_level: z.string().nullish(),
    location: z.string().nullish(),
    baseline_sessions_per_week: z.number().nullish(),
    behavioral_archetype: z.string().nullish(),
    updated_at: writtenTimeSchema.nullish().describe('When the record was changed last'),
  }),
  derived: z.object({
    tenure_days: z.int().optional().describe('Whole days since onboarding_date, never below 0'),
    is_new_tutor: z.boolean().optional().describe('tenure_days below 30'),
    experience_level: z.enum(EXPERIENCE).optional().describe('By tenure_days: mid from 90, senior from 365'),
    subject_count: z.int().optional().describe('Number of subjects'),
    is_active_today: z.boolean().optional().describe('updated_at is of the same UTC date as the enrichment'),
  }),
  references: [],
  day: 'snapshot',
  derive(record, now) {
    const tenure = daysSince(timeOf(record.onboarding_date)!, now);
    const updated = timeOf(record.updated_at);
    return {
      tenure_days: tenure,
      is_new_tutor: tenure < NEW_BELOW,
      experience_level: tenure < MID_FROM ? 'junior' : tenure < SENIOR_FROM ? 'mid' : 'senior',
      subject_count: (record.subjects as readonly string[]).length,
      ...(updated && { is_active_today: utcDate(updated.ms) === utcDate(now) }),
    };
  },
};

function utcDate(ms: number): string {
  return fromEpochDay(Math.floor(ms / DAY_MS));
}
