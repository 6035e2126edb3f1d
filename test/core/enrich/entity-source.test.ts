import { expect, it } from 'vitest';
import * as z from 'zod';
import { writtenTimeSchema } from '../../../core/calendar/written-time.ts';
import type { Enricher } from '../../../core/enrich/enricher.ts';
import { withEntityTables } from '../../../core/enrich/entity-source.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';

const booking: Enricher = {
  kind: 'booking',
  table: 'bookings',
  key: 'booking_id',
  schema: z.object({ booking_id: z.string(), tutor_id: z.string(), at: writtenTimeSchema }),
  derived: z.object({ is_late: z.boolean().optional() }),
  references: [{ field: 'tutor_id', kind: 'tutor' }],
  day: { field: 'at' },
  derive: () => ({}),
};
const problemWith = (more: Partial<Enricher>) =>
  withEntityTables([], [...ENRICHERS, { ...booking, ...more }]).at(-1)!.problem;
const fields = (shape: z.ZodRawShape) => ({ schema: booking.schema.extend(shape) });

it('takes every kind that there is, and a new one', () => {
  expect(withEntityTables([], ENRICHERS).map(({ problem }) => problem)).toEqual(
    ENRICHERS.map(() => undefined),
  );
  expect(problemWith({})).toBeUndefined();
});

it.each<[string, Partial<Enricher>]>([
  ['two of its columns are called extra', fields({ extra: z.string().nullish() })],
  ['two of its columns are called at_utc', fields({ at_utc: z.string().nullish() })],
  ['two of its columns are called at', { derived: z.object({ at: z.boolean().optional() }) }],
  ['two of its columns are called message_id', { derived: z.object({ message_id: z.boolean().optional() }) }],
  ['tutor_id refers to a tutr, which nobody enriches', { references: [{ field: 'tutor_id', kind: 'tutr' }] }],
  ['day: tutor_id is no time of its records', { day: { field: 'tutor_id' } }],
  ['another enricher is of tutor', { kind: 'tutor' }],
])('has no table where %s', (problem, more) => {
  expect(problemWith(more)).toBe(`source "bookings" is not valid: ${problem}`);
});
