import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { clearFailureCounts } from '../core/extract/operate-pages.ts';
import { adviseAt } from './advice.ts';
import { type ConfirmOptions, refuseBoth } from './confirmation.ts';
import {
  type BookFilterOptions,
  bookFilterOf,
  type ExtractionOption,
  withExtractRecords,
} from './extraction.ts';
import { UsageError } from './failure.ts';
import { printObject } from './json.ts';
import { counted, type ListOptions, number, printList, refuseTwoFormats } from './list.ts';

interface Options extends BookFilterOptions, ExtractionOption, ListOptions, ConfirmOptions {
  readonly all?: boolean;
}

/** Clears the counts of failures, so that pages are tried again; the log of their failures stays. */
export async function clearExtractCounts(
  { all = false, dryRun = false, confirm = false, extraction, ...options }: Options,
  command: Command,
): Promise<void> {
  const filter = bookFilterOf(options);
  refuseBoth({ dryRun, confirm });
  if (options.states === undefined && !all)
    throw new UsageError('it is not said whose counts are to be cleared', 'give --states, or --all');
  if (all && options.states !== undefined)
    throw new UsageError('--all and --states exclude each other', 'choose one');
  await withExtractRecords(command, extraction, async (records, { globals }) => {
    refuseTwoFormats({ ...globals, ...options });
    const cleared = await clearFailureCounts(records, filter, { isDryRun: dryRun });
    const rows = cleared.map(({ key, failures }) => ({ page_key: key, failures }));
    if (globals.json) return printObject({ dryRun, cleared: rows });
    const columns = [
      { name: 'page_key', title: 'page' },
      { name: 'failures', ...number },
    ];
    printList({ columns, rows, none: 'no page of these books has failures that count' }, options);
    if (rows.length === 0) return;
    const say = (line: string) => (options.csv ? console.error(line) : console.log(line));
    const pages = counted(rows.length, 'page');
    say(
      dryRun
        ? `the counts of ${pages} would be cleared, and what is logged of them stays. Nothing was changed`
        : `the counts of ${pages} are cleared; what is logged of them stays`,
    );
    if (!dryRun) for (const step of adviseAt(globals.place, { kind: 'failed-page' })) say(stepText(step));
  });
}
