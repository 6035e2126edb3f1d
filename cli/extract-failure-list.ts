import type { Command } from 'commander';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import { isoTime } from '../core/wording/times.ts';
import { type ExtractFailureOptions, extractFailures } from './extract-failure-filter.ts';
import { NO_FAILED_ANSWERS } from './extract-failure-views.ts';
import { extractFailureRecord } from './extract-records.ts';
import { EXTRACT_FAILURE_COLUMNS, extractFailureRow } from './extract-views.ts';
import { withExtractRecords } from './extraction.ts';
import { type ListedThing, printListStream } from './list.ts';

const CSV_COLUMNS = [
  ...['page_key', 'attempt', 'error_type', 'error_message', 'paths', 'batch_id', 'model', 'prompt_version'],
  ...['raw', 'created_at'],
];

/** A row a failed answer. */
export async function listExtractFailures(options: ExtractFailureOptions, command: Command): Promise<void> {
  await withExtractRecords(command, options.extraction, async (records, { globals }) => {
    const { maxRetries } = records.settings;
    async function* things(): AsyncGenerator<ListedThing> {
      for await (const failure of extractFailures(records, options)) {
        const value = extractFailureRecord(failure);
        yield { row: { ...extractFailureRow(failure, maxRetries), ...value }, value };
      }
    }
    await printListStream(
      {
        ...{ columns: EXTRACT_FAILURE_COLUMNS, csvColumns: CSV_COLUMNS },
        ...{ things: things(), none: NO_FAILED_ANSWERS },
      },
      { ...globals, ...options },
    );
  });
}

const EXPORTED = [
  ...['record_key', 'batch_id', 'attempt_number', 'error_type', 'error_message'],
  ...['model_name', 'prompt_name', 'created_at'],
];

/** The same for a spreadsheet, under the names that its users know. */
export async function exportExtractFailures(options: ExtractFailureOptions, command: Command): Promise<void> {
  await withExtractRecords(command, options.extraction, async (records, { globals }) => {
    async function* things(): AsyncGenerator<ListedThing> {
      for await (const failure of extractFailures(records, options)) {
        const row = exportedRow(failure);
        yield { row, value: row };
      }
    }
    const usual = options.csv || globals.json ? {} : { csv: true as const };
    await printListStream(
      { columns: EXPORTED.map((name) => ({ name })), things: things(), none: NO_FAILED_ANSWERS },
      { ...globals, ...options, ...usual },
    );
  });
}

function exportedRow({ page, batch, attempt, code, message, model, promptVersion, at }: LoggedFailure) {
  return {
    ...{ record_key: page, batch_id: batch, attempt_number: attempt, error_type: code },
    ...{ error_message: message, model_name: model, prompt_name: promptVersion, created_at: isoTime(at) },
  };
}
