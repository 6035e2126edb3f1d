import * as z from 'zod';
import { writtenTimeSchema } from '../../../core/calendar/written-time.ts';
import type { Enricher, EntityData } from '../../../core/enrich/enricher.ts';
import { inBillionths } from './decimals.ts';
import { isoWeek, timeOf, weekday, wholeMinutes } from './times.ts';

const TIMES_OF_DAY = ['morning', 'afternoon', 'evening', 'night'] as const;
/** From which hour of the clock face which time of day it is; before the first it is still night. */
const TIME_OF_DAY_FROM = [
  [22, 'night'],
  [17, 'evening'],
  [12, 'afternoon'],
  [5, 'morning'],
] as const;
/** A start that many minutes late is not late yet. */
const LATE_ABOVE_MINUTES = 5;
const SATURDAY = 6;

export const session: Enricher = {
  kind: 'session',
  table: 'sessions',
  key: 'session_id',
  schema: z.object({
    session_id: z.string().describe('Tells the session from others'),
    tutor_id: z.string(),
    student_id: z.string(),
    scheduled_start: writtenTimeSchema,
    duration_minutes: z.number().describe('As planned'),
    subject: z.string(),
    session_number: z.number().nullish(),
    actual_start: writtenTimeSchema.nullish(),
    actual_end: writtenTimeSchema.nullish(),
    session_type: z.string().nullish(),
    tutor_initiated_reschedule: z.boolean().nullish(),
    no_show: z.boolean().nullish(),
    late_start_minutes: z.number().nullish(),
    engagement_score: z.number().nullish(),
    learning_objectives_met: z.boolean().nullish(),
    technical_issues: z.boolean().nullish(),
    updated_at: writtenTimeSchema.nullish().describe('When the record was changed last'),
  }),
  derived: z.object({
    is_weekend: z
      .boolean()
      .optional()
      .describe('scheduled_start is on a Saturday or Sunday, where it is held'),
    time_of_day: z.enum(TIMES_OF_DAY).optional().describe('Of scheduled_start, where it is held'),
    week_of_year: z.int().optional().describe('ISO week of scheduled_start, where it is held'),
    month_of_year: z.int().optional().describe('Month of scheduled_start, where it is held'),
    is_late_start: z.boolean().optional().describe('late_start_minutes above 5'),
    actual_duration_minutes: z
      .int()
      .optional()
      .describe(
        'Whole minutes from actual_start to actual_end, or to the planned end where that is not known',
      ),
  }),
  references: [
    { field: 'tutor_id', kind: 'tutor' },
    { field: 'student_id', kind: 'student' },
  ],
  day: { field: 'scheduled_start' },
  derive(record) {
    const { date, hour } = timeOf(record.scheduled_start)!;
    const duration = actualDuration(record);
    return {
      is_weekend: weekday(date) >= SATURDAY,
      time_of_day: TIME_OF_DAY_FROM.find(([from]) => hour >= from)?.[1] ?? 'night',
      week_of_year: isoWeek(date),
      month_of_year: Number(date.slice(5, 7)),
      is_late_start: Number(record.late_start_minutes ?? 0) > LATE_ABOVE_MINUTES,
      ...(duration !== undefined && { actual_duration_minutes: duration }),
    };
  },
};

/** Where nobody wrote down the end, a session that began late is taken to end when it was planned to. */
function actualDuration(record: EntityData): number | undefined {
  const start = timeOf(record.actual_start);
  if (!start) return undefined;
  const end = timeOf(record.actual_end);
  if (end) return wholeMinutes(end.ns - start.ns);
  const late = start.ns - timeOf(record.scheduled_start)!.ns;
  const planned = inBillionths(record.duration_minutes as number) * 60n;
  return wholeMinutes(late > 0n ? planned - late : planned);
}
