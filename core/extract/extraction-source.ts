import { derivedSource } from '../source/derived-source.ts';
import type { Source } from '../source/source.ts';
import type { ListedSource } from '../source/sources-together.ts';
import type { Extraction, ExtractionTable } from './extraction.ts';

/** Books belong to one day of their year: no report is of several. */
const WINDOW_DAYS = 1;

/**
 * A table of the pages that a model reads: partitioned by state and date, which is 1 January of the year of
 * the book; an item a labelled page. `core/publish-extraction` commits it.
 */
function extractionSource(
  extraction: string,
  { table: name, schema, itemKey, rowKey }: ExtractionTable,
): Source {
  const table = { name, partitionBy: ['state', 'date'], itemKey, rowKey, schema } as const;
  return derivedSource({ from: 'extraction', name: extraction }, table, WINDOW_DAYS);
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
