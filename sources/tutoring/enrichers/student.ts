import * as z from 'zod';
import { writtenTimeSchema } from '../../../core/calendar/written-time.ts';
import type { Enricher } from '../../../core/enrich/enricher.ts';

/** Nothing is derived of students: they are kept because sessions and feedback refer to them. */
export const student: Enricher = {
  kind: 'student',
  table: 'students',
  key: 'student_id',
  schema: z.object({
    student_id: z.string().describe('Tells the student from others'),
    name: z.string(),
    age: z.number().nullish(),
    grade_level: z.string().nullish(),
    subjects_interested: z.array(z.string()).nullish(),
    updated_at: writtenTimeSchema.nullish().describe('When the record was changed last'),
  }),
  derived: z.object({}),
  references: [],
  day: 'snapshot',
  derive: () => ({}),
};
