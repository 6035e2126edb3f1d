import type { Command } from 'commander';
import { stepsText } from '../core/advice/render.ts';
import { type Batch, isStuck, leaseText } from '../core/extract/batch.ts';
import type { ScanContext } from '../core/extract/extract-context.ts';
import { noCounts, type ScanCounts } from '../core/extract/scan.ts';
import { decidedPages } from '../core/extract/scan-now.ts';
import { usageOf } from '../core/extract/usage.ts';
import type { PageKey } from '../core/ports/page-library.ts';
import { batchRecord, countsRecord, usageRecord } from './extract-records.ts';
import { batchAdvice, printBatchTable, usageLine } from './extract-views.ts';
import {
  type BookFilterOptions,
  bookFilterOf,
  type ExtractionOption,
  refuseUnknownBooks,
  withExtractScan,
} from './extraction.ts';
import { printObject } from './json.ts';
import { type ListOptions, number, printList, refuseTwoFormats } from './list.ts';
import { cellText } from './print.ts';

/** What a row is about; a book is (state, school, year). */
export const STATUS_GROUPS = ['state', 'school', 'book'] as const;

interface Options extends BookFilterOptions, ExtractionOption, ListOptions {
  readonly by: (typeof STATUS_GROUPS)[number];
}

interface Group {
  readonly of: Partial<Pick<PageKey, 'state' | 'school' | 'year'>>;
  readonly counts: { -readonly [Reason in keyof ScanCounts]: number };
}

export async function showExtractStatus(
  { by, extraction, ...options }: Options,
  command: Command,
): Promise<void> {
  const filter = bookFilterOf(options);
  await withExtractScan(command, extraction, async (context, { globals }) => {
    const { json, place } = globals;
    refuseTwoFormats({ ...globals, ...options });
    await refuseUnknownBooks(context, filter);
    const groups = await groupsOf(context, by, filter);
    const rows = groups.map(({ of, counts }) => ({ ...of, ...countsRecord(counts) }));
    const active = await context.batches.active();
    if (json) {
      const usage = await usageOf(context.batches.list());
      return printObject({
        ...{ extraction: context.extraction.name, groups: rows },
        ...{ active: active.map((batch) => batchRecord(batch)), usage: usage.map(usageRecord) },
      });
    }
    printList({ columns: columnsOf(by), rows, none: 'the library has no labelled page' }, options);
    if (options.csv) return;
    if (active.length > 0) printBatchTable(active);
    for (const usage of await usageOf(context.batches.list())) console.log(usageLine(usage));
    const now = context.clock.now();
    for (const batch of active) {
      const lease = leaseText(batch, now);
      if (lease !== undefined) console.log(cellText(`batch ${batch.id}: ${lease}`));
    }
    for (const batch of active.filter(
      (each: Batch) => isStuck(each, now) || each.state === 'without-results',
    ))
      console.log(`batch ${batch.id}: ${cellText(stepsText(batchAdvice(batch, now, place)))}`);
  });
}

async function groupsOf(
  context: ScanContext,
  by: Options['by'],
  filter: ReturnType<typeof bookFilterOf>,
): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for await (const { page, reason } of decidedPages(context, { filter })) {
    if (reason === 'filtered') continue;
    const { state, school, year } = page;
    const of = { state, ...(by !== 'state' && { school }), ...(by === 'book' && { year }) };
    const name = JSON.stringify(of);
    const group = groups.get(name) ?? { of, counts: noCounts() };
    group.counts[reason]++;
    groups.set(name, group);
  }
  return [...groups.values()];
}

function columnsOf(by: Options['by']) {
  const names =
    by === 'state' ? ['state'] : by === 'school' ? ['state', 'school'] : ['state', 'school', 'year'];
  const counts = Object.keys(countsRecord(noCounts()));
  return [
    ...names.map((name) => ({ name })),
    ...counts.map((name) => ({ name, title: name.replaceAll('_', ' '), ...number })),
  ];
}
