import type { Step } from '../core/advice/step.ts';
import { type Batch, isStuck } from '../core/extract/batch.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import type { ScanCounts } from '../core/extract/scan.ts';
import { type Usage, usageOf } from '../core/extract/usage.ts';
import { counted, wholeNumber } from '../core/wording/figures.ts';
import { adviseAt, type Place } from './advice.ts';
import { batchRecord } from './extract-records.ts';
import { number, timeText } from './list.ts';
import type { PageStatus } from './page-status.ts';
import { cellText, printTable } from './print.ts';

export const BATCH_COLUMNS = [
  { name: 'batch' },
  { name: 'status', title: 'state' },
  { name: 'job' },
  { name: 'pages', ...number },
  { name: 'succeeded', ...number },
  { name: 'failed', ...number },
  { name: 'tokens', title: 'tokens in / out', ...number },
  { name: 'cost', title: 'US $', ...number },
  { name: 'reason' },
];

/** A row a batch, then what all of them used. */
export async function printBatches(batches: readonly Batch[]): Promise<void> {
  printBatchTable(batches);
  for (const usage of await usageOf(batches)) console.log(usageLine(usage));
}

export function printBatchTable(batches: readonly Batch[]): void {
  printTable(BATCH_COLUMNS, batches.map(batchRow));
}

/** Of the table, and with the names of the CSV beside. */
export function batchRow(batch: Batch): Readonly<Record<string, unknown>> {
  const { transitions: _, counts: __, lease: ___, ...record } = batchRecord(batch);
  const { id, tokens, costUsd, lease, transitions } = batch;
  return {
    ...record,
    ...{ batch: id, succeeded: batch.counts?.succeeded, failed: batch.counts?.failed },
    tokens: tokens && `${wholeNumber(tokens.input)} / ${wholeNumber(tokens.output)}`,
    cost: costUsd?.toFixed(4),
    status: lease ? `${batch.state}, worked on until ${timeText(lease.until)}` : batch.state,
    reason: transitions.at(-1)?.reason,
  };
}

export function usageLine({
  model,
  promptVersion,
  batches,
  succeeded,
  failed,
  tokens,
  costUsd,
}: Usage): string {
  return `${model}, ${promptVersion}: ${counted(batches, 'batch', 'batches')} read, ${counted(succeeded, 'answer')}, ${counted(failed, 'failure')}, ${wholeNumber(tokens.input)} tokens in, ${wholeNumber(tokens.output)} out${costUsd > 0 ? `, $${costUsd.toFixed(4)}` : ''}`;
}

/** `30 of 42 pages done, 2 exhausted` */
export function countsText({ done, filtered, ...others }: ScanCounts): string {
  const pages = Object.values(others).reduce((sum, count) => sum + count, done);
  const rest = Object.entries(others).flatMap(([reason, count]) =>
    count > 0 ? [`${wholeNumber(count)} ${REASON_WORDS[reason as keyof typeof REASON_WORDS]}`] : [],
  );
  const apart = filtered > 0 ? `; ${counted(filtered, 'page')} of other books` : '';
  return `${[`${wholeNumber(done)} of ${counted(pages, 'page')} done`, ...rest].join(', ')}${apart}`;
}

/** What is said of pages behind their number, by why they are not read. */
export const REASON_WORDS = {
  'in flight': 'in flight',
  exhausted: 'exhausted',
  waits: 'waiting for the page before',
  'no image': 'without an image',
  runnable: 'runnable',
} as const;

/** What a person can do about a batch; nothing where all is well. `now`: milliseconds. */
export function batchAdvice(batch: Batch, now: number, place: Place): Step[] {
  const { id, state, job } = batch;
  if (state === 'without-results') return adviseAt(place, { kind: 'batch-without-results', id });
  if (isStuck(batch, now)) return adviseAt(place, { kind: 'stuck-batch', id, hasJob: job !== null });
  return state === 'refused' ? adviseAt(place, { kind: 'refused-by-provider' }) : [];
}

export const EXTRACT_FAILURE_COLUMNS = [
  { name: 'page' },
  { name: 'try', ...number },
  { name: 'error_type' },
  { name: 'message' },
  { name: 'batch' },
];

/** A row a failed answer. `maxRetries`: so many end the tries of a page. */
export function printExtractFailures(failures: readonly LoggedFailure[], maxRetries: number): void {
  printTable(
    EXTRACT_FAILURE_COLUMNS,
    failures.map((failure) => extractFailureRow(failure, maxRetries)),
  );
}

export function extractFailureRow(
  { page, attempt, code, message, batch }: LoggedFailure,
  maxRetries: number,
): Readonly<Record<string, unknown>> {
  return { page, try: `${attempt}/${maxRetries}`, error_type: code, message, batch };
}

/** How far each page is that failed. */
export function retryLines(pages: readonly PageStatus[], maxRetries: number): string[] {
  return pages.flatMap(({ key, reason, tries, failures, lastFailure }) => {
    const page = cellText(key);
    if (failures === 0) return [];
    if (reason === 'done') return [`page ${page} was read on try ${tries}, after ${lastFailure}`];
    return [
      failures >= maxRetries
        ? `page ${page} has used up its ${maxRetries} tries: ${lastFailure}`
        : `page ${page} is on retry ${failures}/${maxRetries}: ${lastFailure}`,
    ];
  });
}
