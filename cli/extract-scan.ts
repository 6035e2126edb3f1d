import type { Command } from 'commander';
import { SCAN_REASONS } from '../core/extract/scan.ts';
import { pageRecord, reasonName } from './extract-records.ts';
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
  await withExtractScan(command, extraction, async (context, { globals }) => {
    await refuseUnknownBooks(context, filter);
    const wanted = new Set(reason ?? REASON_NAMES);
    const statuses = eachPageStatus(context, { filter, isOutdatedAsked: outdated });
    await printListStream(
      { columns: COLUMNS, things: listed(statuses, wanted), none: 'no labelled page that matches' },
      { ...globals, ...options },
    );
  });
}

async function* listed(
  statuses: AsyncIterable<PageStatus>,
  wanted: ReadonlySet<string>,
): AsyncGenerator<ListedThing> {
  for await (const status of statuses) {
    if (!wanted.has(reasonName(status.reason))) continue;
    const record = pageRecord(status);
    yield { row: record, value: record };
  }
}
