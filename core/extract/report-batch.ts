import { writeReport } from '../report/write-report.ts';
import type { Batch } from './batch.ts';
import { batchReport } from './batch-report.ts';
import type { ExtractRecords } from './extract-context.ts';

/**
 * Writes the report of a batch beside those of runs, under its id. It says nothing that is not on record: it
 * can be written again at any time.
 */
export async function reportBatch(records: ExtractRecords, batch: Batch): Promise<void> {
  const { lake, failures, batches, extraction, settings } = records;
  const pages = (await batches.members(batch.id)).map(({ page }) => page);
  const logged = batch.counts?.failed === 0 ? [] : await Array.fromAsync(failures.ofBatch(batch.id, pages));
  await writeReport(
    lake,
    batch.id,
    batchReport({ batch, extraction: extraction.name, failures: logged, maxRetries: settings.maxRetries }),
  );
}
