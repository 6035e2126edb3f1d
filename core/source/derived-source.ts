import * as z from 'zod';
import { daily, defineSource, register } from './define-source.ts';
import type { Derived } from './derived.ts';
import type { Source, Table } from './source.ts';

/**
 * A table for which nothing is scraped (`isScraped`), as a source. Its targets are the values of its
 * partitions, registered when something of them is first published. `windowDays`: dates that a question
 * without any is about.
 */
export function derivedSource(derived: Derived, table: Omit<Table, 'csv'>, windowDays: number): Source {
  return {
    ...defineSource({
      name: table.name.replaceAll('_', '-'),
      timeZone: 'UTC',
      // No schedule reads it: it stands for "a date is over when its day is".
      cadence: daily({ at: '00:00', windowDays }),
      targets: register({ attributes: z.object({}) }),
      items: () => [],
      parse: () => ({ kind: 'rejected', code: 'PARSE_ERROR', message: 'no page of a site is read for it' }),
      table,
      // Any number of items may rightly be there, and all of them may rightly go.
      expect: { minItems: 0, maxShrink: 1 },
    }),
    derived,
  };
}
