import type { Command } from 'commander';
import { noCounts, SCAN_REASONS, type ScanReason } from '../core/extract/scan.ts';
import { pageRecord, reasonName } from './extract-records.ts';
import { countsText } from './extract-views.ts';
import {
  type BookFilterOptions,
  bookFilterOf,
  type ExtractionOption,
  refuseUnknownBooks,
  withExtractScan,
} from './extraction.ts';
import { type ListedThing, type ListOptions, number, printListStream } from './list.ts';
import { eachPageStatus, type PageStatus } from './page-status.ts';

/** As one types them: `in_flight`. */
export const REASON_NAMES = SCAN_REASONS.map(reasonName);
const FILTERED = reasonName('filtered');

interface Options extends BookFilterOptions, ExtractionOption, ListOptions {
  readonly reason?: readonly string[];
  readonly outdated?: boolean;
}

const COLUMNS = [
  { name: 'page_key', title: 'page' },
  { name: 'status' },
  { name: 'reason' },
  { name: 'tries', ...number },
  { name: 'failures', ...number },
  { name: 'last_failure', title: 'last failure' },
];

export async function scanExtraction(
  { reason, outdated = false, extraction, ...options }: Options,
  command: Command,
): Promise<void> {
  const filter = bookFilterOf(options);
  await withExtractScan(command, extraction, async (context, { globals, progress }) => {
    await refuseUnknownBooks(context, filter);
    // Where all of them are asked for, as here, each has its line.
    progress.labels.saysAll = true;
    // A person who names books wants to see no others; a program gets every page with its decision.
    const usual = globals.json ? REASON_NAMES : REASON_NAMES.filter((each) => each !== FILTERED);
    const wanted = new Set(reason ?? usual);
    const counts = noCounts();
    const statuses = counting(eachPageStatus(context, { filter, isOutdatedAsked: outdated }), counts);
    await printListStream(
      {
        columns: COLUMNS,
        things: listed(statuses, wanted),
        none: 'no labelled page that matches',
      },
      { ...globals, ...options },
    );
    if (globals.json || options.csv) return;
    // A long table ends before the pages do.
    while (!(await statuses.next()).done);
    if (Object.values(counts).every((pages) => pages === 0)) return;
    console.log(`${context.extraction.name}: ${countsText(counts)}`);
  });
}

/** Counts what is taken. It has no `return`: whoever stops taking leaves the rest to be counted. */
function counting(
  statuses: AsyncGenerator<PageStatus>,
  counts: Record<ScanReason, number>,
): Pick<AsyncIterator<PageStatus, void>, 'next'> {
  return {
    next: async () => {
      const next = await statuses.next();
      if (!next.done) counts[next.value.reason]++;
      return next;
    },
  };
}

async function* listed(
  statuses: ReturnType<typeof counting>,
  wanted: ReadonlySet<string>,
): AsyncGenerator<ListedThing> {
  for (;;) {
    const next = await statuses.next();
    if (next.done) return;
    if (!wanted.has(reasonName(next.value.reason))) continue;
    const record = pageRecord(next.value);
    yield { row: record, value: record };
  }
}
