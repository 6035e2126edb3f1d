import { isDeepStrictEqual } from 'node:util';
import { dayOfRun } from '../calendar/run-id.ts';
import type { BookProgress, ProgressStore } from '../extract/book-progress.ts';
import { runLogKey } from '../lake/layout.ts';
import { type ExtractionBookRow, extractionBookSchema } from '../lake/log-tables.ts';
import { writeParquet } from '../lake/parquet.ts';
import type { Platform } from '../platform.ts';
import { columnsOf } from '../schema/columns.ts';
import { type LabelledPartition, partitionKey } from './labelled-now.ts';

/**
 * Adds to the table `extraction_books` a row for each book that is not as it was logged last; none where
 * nothing changed. `runId`: names the file. Repeating it adds rows that say the same.
 */
export async function logProgress(
  { state, lake, clock }: Pick<Platform, 'state' | 'lake' | 'clock'>,
  store: ProgressStore,
  extraction: string,
  partitions: Iterable<LabelledPartition>,
  runId: string,
): Promise<number> {
  const logged = await store.logged();
  const recorded_at = new Date(clock.now()).toISOString();
  const rows: ExtractionBookRow[] = [];
  const changed: LabelledPartition[] = [];
  for (const labelled of partitions) {
    const { partition, books } = labelled;
    const before = new Map((logged.get(partitionKey(partition)) ?? []).map((book) => [book.school, book]));
    const own: BookProgress[] = [];
    for (const book of books) {
      const was = before.get(book.school);
      before.delete(book.school);
      if (!isDeepStrictEqual(was, book)) own.push(book);
    }
    for (const gone of before.values()) own.push({ ...gone, ...NOTHING });
    if (own.length > 0) changed.push(labelled);
    for (const book of own) rows.push({ extraction, ...rowOf(book), run_id: runId, recorded_at });
  }
  if (rows.length === 0) return 0;
  await lake.put(
    runLogKey('extraction_books', dayOfRun(runId), runId),
    writeParquet(columnsOf(extractionBookSchema()), rows),
  );
  for (const { partition, books } of changed) await state.write([store.loggedWrite(partition, books)]);
  return rows.length;
}

/** Of a book that has no label any more. */
const NOTHING = {
  ...{ pages: 0, done: 0, inFlight: 0, waiting: 0, runnable: 0, exhausted: 0, noImage: 0 },
  ...{ inputTokens: null, outputTokens: null, costUsd: null },
};

function rowOf(book: BookProgress): Omit<ExtractionBookRow, 'extraction' | 'run_id' | 'recorded_at'> {
  const { state, school, year, pages, done, waiting, runnable, exhausted } = book;
  return {
    ...{ state, school, year, pages, done, waiting, runnable, exhausted },
    in_flight: book.inFlight,
    no_image: book.noImage,
    input_tokens: book.inputTokens,
    output_tokens: book.outputTokens,
    cost_usd: book.costUsd,
  };
}
