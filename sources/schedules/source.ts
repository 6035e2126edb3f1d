import { defineSource, every, register } from '../../core/source/define-source.ts';
import { combineSchedules } from './combine.ts';
import { districtAttributes, normalizeDistrict } from './district.ts';
import { parseSchedulePage } from './schedule-page.ts';
import { ROW_KEY, scheduleSchema } from './schema.ts';

/**
 * Bell schedules of US school districts, a record a grade level. Each district has a site of its own; a wall
 * is asked once, and a district whose pages are gone four times is left alone.
 */
export const schedules = defineSource({
  name: 'schedules',
  timeZone: 'America/Chicago',
  cadence: every({ minutes: 43_200 }),
  targets: register({
    attributes: districtAttributes,
    normalize: normalizeDistrict,
    ready: ({ attributes }) => attributes?.url !== '',
  }),
  table: {
    name: 'bell_schedules',
    partitionBy: ['state', 'date'],
    itemKey: 'district_id',
    rowKey: ROW_KEY,
    schema: scheduleSchema,
  },
  politeness: { concurrency: 1, minDelayMs: 1000, requestsAtOnce: 64 },
  outcomes: { skipAfterBlocks: 1, skipAfterNotFound: 4 },
  retry: { attempts: 2 },
  parserVersion: 2,
  parse: parseSchedulePage,
  combine: combineSchedules,
});
