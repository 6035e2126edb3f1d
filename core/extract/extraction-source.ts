import * as z from 'zod';
import { daily, defineSource, register } from '../source/define-source.ts';
import type { Source } from '../source/source.ts';
import type { ListedSource } from '../source/sources-together.ts';
import type { Extraction, ExtractionTable } from './extraction.ts';

/**
 * A table of the pages that a model reads, as a source: partitioned by state and date, which is 1 January of
 * the year of the book; an item a labelled page. Nothing is scraped for it (`isScraped`);
 * `core/publish-extraction` commits it. Its targets are the states, registered when something of them is
 * first published.
 */
function extractionSource(name: string, { table, schema, itemKey, rowKey }: ExtractionTable): Source {
  return {
    ...defineSource({
      name: table.replaceAll('_', '-'),
      timeZone: 'UTC',
      // No schedule reads it: it stands for "a date is over when its day is".
      cadence: daily({ at: '00:00', windowDays: 1 }),
      targets: register({ attributes: z.object({}) }),
      items: () => [],
      parse: () => ({ kind: 'rejected', code: 'PARSE_ERROR', message: 'no page of a site is read for it' }),
      table: { name: table, partitionBy: ['state', 'date'], itemKey, rowKey, schema },
      // A page read again may rightly name fewer courses, or none.
      expect: { minItems: 0, maxShrink: 1 },
    }),
    derived: { from: 'extraction', name },
  };
}

/** The sources of a list, with the tables of these extractions behind them. */
export function withExtractionTables(
  listed: readonly ListedSource[],
  extractions: readonly Extraction[],
): readonly ListedSource[] {
  const tables = extractions.flatMap((each) =>
    each.tables.map((table) => extractionSource(each.name, table)),
  );
  return [...listed, ...tables];
}
