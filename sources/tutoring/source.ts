import { daily, defineSource } from '../../core/source/define-source.ts';
import type { Row } from '../../core/source/source.ts';
import { indexUrl, parseIndex, parseList } from './parse.ts';
import { KIND_OF_LIST, recordSchema } from './schema.ts';

/**
 * Tutors, students, sessions and feedback of two feeds, a record each, by day: tutors and students as they
 * were on it, sessions by their start, feedback by when it was given. Its records go on to be enriched.
 */
export const tutoring = defineSource({
  name: 'tutoring',
  baseUrl: 'https://api.tutoring.example',
  timeZone: 'UTC',
  cadence: daily({ at: '00:30', windowDays: 7 }),
  targets: [{ id: 'north' }, { id: 'south' }],
  table: {
    name: 'tutoring_records',
    partitionBy: ['feed', 'date'],
    itemKey: 'list',
    rowKey: ['kind', 'record_id'],
    schema: recordSchema,
  },
  expect: { minItems: 1, maxShrink: 0.5 },
  discover: {
    url: indexUrl,
    whole: { contentTypes: ['application/json'] },
    parse: parseIndex,
  },
  parse: parseList,
  enrich: { kinds: Object.values(KIND_OF_LIST), recordOf },
});

/** The record of a row of the table, for the queue of its kind. */
function recordOf({ kind, record }: Row) {
  if (typeof kind !== 'string' || typeof record !== 'string') return undefined;
  return { kind, record: JSON.parse(record) as unknown };
}
