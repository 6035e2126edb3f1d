import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { type Batch, isActive } from '../core/extract/batch.ts';
import type { ExtractContext } from '../core/extract/extract-context.ts';
import { cancelBatch, clearBatch, type OperateAnswer, resumeBatch } from '../core/extract/operate-batches.ts';
import { adviseAt } from './advice.ts';
import { noSuchBatch } from './batch-show.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed } from './confirmation.ts';
import { batchRecord } from './extract-records.ts';
import { type ExtractionOption, withExtraction, withExtractRecords } from './extraction.ts';
import { FailedCommand, NothingToDoError } from './failure.ts';
import { printObject } from './json.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';

export function resumeBatchOf(id: string, options: ExtractionOption, command: Command): Promise<void> {
  return operate(
    id,
    options,
    command,
    resumeBatch,
    ({ state, transitions }) => ` is ${state}: ${transitions.at(-1)?.reason}`,
  );
}

export function cancelBatchOf(id: string, options: ExtractionOption, command: Command): Promise<void> {
  return operate(
    id,
    options,
    command,
    cancelBatch,
    ({ job, pages }) =>
      `: the provider is asked to end ${job}; the next run frees its ${counted(pages, 'page')} once that has come`,
  );
}

export async function clearBatchOf(
  id: string,
  options: ExtractionOption & ConfirmOptions,
  command: Command,
): Promise<void> {
  if (!isDryRun(options))
    return operate(
      id,
      options,
      command,
      clearBatch,
      ({ pages }) => ` is cleared: ${counted(pages, 'page')} free, its log of failures stays`,
    );
  await withExtractRecords(command, options.extraction, async ({ batches }, { globals: { json, place } }) => {
    const batch = (await batches.get(id))?.batch;
    if (!batch) throw noSuchBatch(id);
    if (!isActive(batch)) throw overError(id, batch.state);
    if (json) {
      printObject({ dryRun: true, ...batchRecord(batch) });
      return refuseUnconfirmed(options, 1);
    }
    const job = batch.job === null ? 'it has no job yet' : `its job ${batch.job} cancelled`;
    console.log(
      cellText(
        `batch ${id} would be given up, ${counted(batch.pages, 'page')} freed, ${job}. Nothing was changed`,
      ),
    );
    for (const step of adviseAt(place, { kind: 'dry-run', words: ['batches', 'clear', id] }))
      console.log(stepText(step));
    refuseUnconfirmed(options, 1);
  });
}

async function operate(
  id: string,
  { extraction }: ExtractionOption,
  command: Command,
  change: (context: ExtractContext, id: string) => Promise<OperateAnswer>,
  /** What follows upon the name of the batch. */
  said: (batch: Batch) => string,
): Promise<void> {
  await withExtraction(command, extraction, async (context, { globals: { json }, progress }) => {
    const answer = await change(context, id);
    progress.end();
    switch (answer.kind) {
      case 'done':
        if (json) printObject(batchRecord(answer.batch));
        else console.log(cellText(`batch ${id}${said(answer.batch)}`));
        return;
      case 'unknown':
        throw noSuchBatch(id);
      case 'over':
        throw overError(id, answer.state);
      case 'busy':
        throw new NothingToDoError(
          `${answer.owner} works on batch ${id}, or has died at it`,
          `give the same command again after ${timeText(answer.until)}`,
        );
      case 'no-job':
        throw new NothingToDoError(
          `batch ${id} has no job that is under way: it is ${answer.state}`,
          'give it up with "batches clear"',
        );
      case 'problem':
        throw new FailedCommand(
          `the provider could not be asked, and nothing was changed: ${answer.message}`,
        );
    }
  });
}

function overError(id: string, state: Batch['state']): NothingToDoError {
  return new NothingToDoError(
    `batch ${id} is ${state}: none of its pages is in flight`,
    'there is nothing to do',
  );
}
