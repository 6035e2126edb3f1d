import * as z from 'zod';

export const GRADE_LEVELS = ['elementary', 'middle', 'high'] as const;
export type GradeLevel = (typeof GRADE_LEVELS)[number];

const minutes = (description: string) => z.int32().nullable().describe(description);

/** The regular day of one grade level of one district in one school year. */
export const scheduleSchema = z.object({
  district_id: z.string().describe('NCES id of the district, 7 digits'),
  year: z.string().describe('School year, 2025-26'),
  grade_level: z.enum(GRADE_LEVELS).describe('elementary, middle or high'),
  start_time: z.int32().describe('Minutes since midnight at which instruction begins'),
  end_time: z.int32().describe('Minutes since midnight of the last dismissal'),
  start_time_printed: z.string().describe('Start as the page prints it'),
  end_time_printed: z.string().describe('End as the page prints it'),
  instructional_minutes: z
    .int32()
    .describe('From start to end without the lunch, recess and passing that are printed'),
  lunch_duration: minutes('Minutes of one lunch, 10 to 90; null where none is printed'),
  passing_periods: minutes('Minutes between periods, all together; null where none are printed'),
  recess_duration: minutes('Minutes of recess, all together; null where none is printed'),
  schools_sampled: z.array(z.string()).describe('Schools whose schedules were read, by name'),
  source_urls: z.array(z.string()).describe('Pages that the times stand on'),
  confidence: z
    .enum(['high', 'medium', 'low'])
    .describe('high: year and periods or breaks are printed, all well; low: minutes outside 240 to 420'),
  method: z
    .enum(['automated_enrichment', 'human_provided', 'statutory_fallback'])
    .describe('Where the times come from'),
  notes: z.string().nullable().describe('What is missing, doubtful or differs'),
});

export type Schedule = z.infer<typeof scheduleSchema>;

/** What tells a row from the others; `rowKey` of the table. */
export const ROW_KEY = ['district_id', 'year', 'grade_level'] as const;
