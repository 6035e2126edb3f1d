import { type Command, Option } from 'commander';
import { BATCH_STATES, type Batch } from '../core/extract/batch.ts';
import { cancelBatchOf, clearBatchOf, resumeBatchOf } from './batch-change.ts';
import { showBatch } from './batch-show.ts';
import { examples, newCommand } from './command.ts';
import { withConfirmation } from './confirmation.ts';
import { batchRecord } from './extract-records.ts';
import { BATCH_COLUMNS, batchRow } from './extract-views.ts';
import { type ExtractionOption, withExtractionOption, withExtractRecords } from './extraction.ts';
import { type ListedThing, type ListOptions, printListStream, withCsv } from './list.ts';

interface ListingOptions extends ExtractionOption, ListOptions {
  readonly state?: readonly string[];
  readonly active?: boolean;
}

const EXAMPLE = '019aa1c8-0b7e-7c30-9a53-0c5d1f5be7a1';

const CSV_COLUMNS = [
  ...['batch_id', 'state', 'route', 'provider', 'model', 'prompt_version', 'job', 'pages', 'succeeded'],
  ...['failed', 'input_tokens', 'output_tokens', 'cost_usd', 'created_at', 'read_at', 'reason'],
];

export function batchesCommand(): Command {
  const batches = newCommand('batches').addHelpText(
    'after',
    examples('batches list --active', `batches show ${EXAMPLE}`),
  );
  const one = (name: string, description: string) =>
    withExtractionOption(batches.command(name))
      .description(description)
      .argument('<id>', 'as "batches list" prints it');
  withCsv(withExtractionOption(batches.command('list')))
    .description('list batches, newest first; those of which no page was sent only with --state empty')
    .addOption(
      new Option('--state <state...>', 'only batches in these states').choices(Object.keys(BATCH_STATES)),
    )
    .option('--active', 'only those whose pages are in flight')
    .addHelpText(
      'after',
      examples('batches list', 'batches list --active', 'batches list --state failed expired --csv'),
    )
    .action(listBatches);
  one('show', 'show a batch: its pages, what failed, every change of its state, and what to do')
    .addHelpText('after', examples(`batches show ${EXAMPLE}`, `batches show ${EXAMPLE} --json`))
    .action(showBatch);
  one('resume', 'look at a batch now, also one whose job succeeded without results')
    .addHelpText('after', examples(`batches resume ${EXAMPLE}`))
    .action(resumeBatchOf);
  one('cancel', 'ask the provider to end the job of a batch; its pages are free once it has')
    .addHelpText('after', examples(`batches cancel ${EXAMPLE}`))
    .action(cancelBatchOf);
  withConfirmation(
    one('clear', 'give a batch up: its pages are free, its job is cancelled, and its log of failures stays'),
    'what would be freed',
  )
    .addHelpText(
      'after',
      examples(`batches clear ${EXAMPLE} --dry-run`, `batches clear ${EXAMPLE} --confirm`),
    )
    .action(clearBatchOf);
  return batches;
}

async function listBatches(
  { state, active = false, extraction, ...options }: ListingOptions,
  command: Command,
): Promise<void> {
  await withExtractRecords(command, extraction, async ({ batches }, { globals }) => {
    // A page that cannot be uploaded leaves one with each look: they would hide those that matter.
    const isShown = (batch: Batch) => (state ? state.includes(batch.state) : batch.state !== 'empty');
    async function* things(): AsyncGenerator<ListedThing> {
      const all: AsyncIterable<Batch> | Batch[] = active
        ? (await batches.active()).reverse()
        : batches.list();
      for await (const batch of all)
        if (isShown(batch)) yield { row: batchRow(batch), value: batchRecord(batch) };
    }
    await printListStream(
      { columns: BATCH_COLUMNS, csvColumns: CSV_COLUMNS, things: things(), none: 'no batches that match' },
      { ...globals, ...options },
    );
  });
}
