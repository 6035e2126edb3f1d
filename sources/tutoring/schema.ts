import * as z from 'zod';

/** Kind of the records of each list that a day may have. */
export const KIND_OF_LIST = {
  tutors: 'tutor',
  students: 'student',
  sessions: 'session',
  feedback: 'feedback',
} as const;

export const LISTS = ['tutors', 'students', 'sessions', 'feedback'] as const;
export type List = (typeof LISTS)[number];

/** One record of a list of a day, as the API gives it. */
export const recordSchema = z.object({
  list: z.enum(LISTS).describe('List of the day that the record stands in'),
  kind: z.enum(['tutor', 'student', 'session', 'feedback']).describe('What the record is about'),
  record_id: z.string().describe('Id of the tutor, student, session or feedback'),
  updated_at: z.string().nullable().describe('updated_at of the record, as it came; null where it has none'),
  record: z.record(z.string(), z.unknown()).describe('The record itself, as it came: JSON'),
});
export type TutoringRow = z.infer<typeof recordSchema>;
