import type { Batch } from '../core/extract/batch.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import { usageOf } from '../core/extract/usage.ts';
import { counted, wholeNumber } from '../core/wording/figures.ts';
import { number } from './list.ts';
import type { PageStatus } from './page-status.ts';
import { cellText, printTable } from './print.ts';

const BATCH_COLUMNS = [
  { name: 'batch' },
  { name: 'state' },
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
  printTable(
    BATCH_COLUMNS,
    batches.map(({ id, state, job, pages, counts, tokens, costUsd, transitions }) => ({
      ...{ batch: id, state, job, pages, succeeded: counts?.succeeded, failed: counts?.failed },
      tokens: tokens && `${wholeNumber(tokens.input)} / ${wholeNumber(tokens.output)}`,
      cost: costUsd?.toFixed(4),
      reason: transitions.at(-1)?.reason,
    })),
  );
  for (const { model, promptVersion, batches: read, succeeded, failed, tokens, costUsd } of await usageOf(
    batches,
  ))
    console.log(
      `${model}, ${promptVersion}: ${counted(read, 'batch', 'batches')} read, ${counted(succeeded, 'answer')}, ${counted(failed, 'failure')}, ${wholeNumber(tokens.input)} tokens in, ${wholeNumber(tokens.output)} out, $${costUsd.toFixed(4)}`,
    );
}

const FAILURE_COLUMNS = [
  { name: 'page' },
  { name: 'try', ...number },
  { name: 'error_type' },
  { name: 'message' },
  { name: 'batch' },
];

/** A row a failed answer. `maxRetries`: so many end the tries of a page. */
export function printExtractFailures(failures: readonly LoggedFailure[], maxRetries: number): void {
  printTable(
    FAILURE_COLUMNS,
    failures.map(({ page, attempt, code, message, batch }) => ({
      ...{ page, try: `${attempt}/${maxRetries}`, error_type: code, message, batch },
    })),
  );
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
