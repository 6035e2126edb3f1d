import { join } from 'node:path';
import type { Command } from 'commander';
import type { Batch } from '../core/extract/batch.ts';
import type { ScanContext } from '../core/extract/extract-context.ts';
import { pageKeyText } from '../core/extract/page-key.ts';
import { planRun, type RunPlan } from '../core/extract/plan-run.ts';
import { RESULTS } from '../core/extract/result-object.ts';
import { noCounts, type ScanCounts } from '../core/extract/scan.ts';
import { decidedPages, type ScanOptions } from '../core/extract/scan-now.ts';
import { reportKey } from '../core/lake/layout.ts';
import { batchRecord, countsRecord, extractRunRecord, tableRecord } from './extract-records.ts';
import { refuseUnpublished, refuseUnread, tablesText } from './extract-run-end.ts';
import { withRunner } from './extract-runner.ts';
import { countsText, printBatches } from './extract-views.ts';
import {
  type BookFilterOptions,
  bookFilterOf,
  emptyLibrary,
  refuseUnknownBooks,
  withExtractScan,
} from './extraction.ts';
import { printObject } from './json.ts';
import { counted, number } from './list.ts';
import { cellText, printTable } from './print.ts';
import { addressOf } from './run-summary.ts';

interface Options extends BookFilterOptions {
  readonly limit?: number;
  readonly outdated?: boolean;
  readonly dryRun?: boolean;
}

export async function runExtract(
  name: string | undefined,
  { limit, outdated = false, dryRun = false, ...books }: Options,
  command: Command,
): Promise<void> {
  const filter = bookFilterOf(books);
  const asked = { filter, isOutdatedAsked: outdated };
  if (dryRun)
    return withExtractScan(command, name, async (context, { globals: { json }, progress }) => {
      await refuseUnknownBooks(context, filter);
      const plan = await planRun(context, { ...asked, limit });
      printPlan(plan, context.extraction.name, json && { labelNotes: progress.labels.all });
      if (Object.values(plan.counts).every((pages) => pages === 0)) throw emptyLibrary();
    });
  await withRunner(command, name, async (runner, { platform, globals: { json }, progress }) => {
    await refuseUnknownBooks(runner.records, filter);
    const touched = new Set<string>();
    const { end, isRead, tables } = await runner.run({
      ...asked,
      ...(limit !== undefined && { limit }),
      progress,
      tell: (event) => {
        if ('batch' in event) touched.add(event.batch);
        progress.onExtract(event);
      },
    });
    progress.end();
    const { records } = runner;
    const counts = await countsAfter(records, asked);
    const batches: Batch[] = [];
    for (const id of [...touched].sort()) {
      const stored = await records.batches.get(id);
      if (stored) batches.push(stored.batch);
    }
    if (json)
      printObject({
        ...{ extraction: records.extraction.name, ...extractRunRecord(end), pages: countsRecord(counts) },
        batches: batches.map((batch) => batchRecord(batch)),
        tables: tables.kind === 'counted' ? null : tables.results.map(tableRecord),
        labelNotes: progress.labels.all,
      });
    else if (isRead || end.kind !== 'refused') {
      if (batches.length > 0) await printBatches(batches);
      for (const { page, reason } of end.leftOut) console.log(cellText(`${page} was not sent: ${reason}`));
      console.log(`${records.extraction.name} ${end.kind}: ${countsText(counts)}`);
      console.log(`results: ${addressOf(platform, RESULTS)}`);
      console.log(`tables: ${tablesText(tables)}`);
      const last = batches.filter(({ job, state }) => job !== null && state !== 'submitted').at(-1);
      if (last)
        console.log(
          `reports: ${addressOf(platform, join('reports', '*', 'report.html'))}, the last: ${addressOf(platform, reportKey(last.id, 'html'))}`,
        );
    }
    refuseUnpublished(tables);
    refuseUnread(end, counts, await records.batches.active());
  });
}

async function countsAfter(context: ScanContext, options: ScanOptions): Promise<ScanCounts> {
  const counts = noCounts();
  // What is to be said of labels and images was said.
  const silent = { ...context, tell: () => {} };
  for await (const { reason } of decidedPages(silent, options)) counts[reason]++;
  return counts;
}

function printPlan(
  { counts, batches, active }: RunPlan,
  extraction: string,
  /** Printed with the plan, as JSON. */
  json: object | undefined | false,
): void {
  const rows = batches.map((pages, at) => ({
    ...{ batch: at + 1, pages: pages.length },
    ...{ first_page: pageKeyText(pages[0]!), last_page: pageKeyText(pages.at(-1)!) },
  }));
  if (json) {
    const planned = rows.map((row, at) => ({ ...row, page_keys: batches[at]!.map(pageKeyText) }));
    printObject({ dryRun: true, extraction, pages: countsRecord(counts), active, batches: planned, ...json });
    return;
  }
  if (rows.length > 0)
    printTable(
      [
        { name: 'batch', ...number },
        { name: 'pages', ...number },
        { name: 'first_page', title: 'first page' },
        { name: 'last_page', title: 'last page' },
      ],
      rows,
    );
  const pages = rows.reduce((sum, row) => sum + row.pages, 0);
  const inFlight = active > 0 ? `; ${counted(active, 'batch is', 'batches are')} in flight` : '';
  console.log(`${extraction}: ${countsText(counts)}`);
  console.log(
    `would send ${counted(pages, 'page')} in ${counted(batches.length, 'batch', 'batches')} now, and more as these are read${inFlight}. Nothing was sent`,
  );
}
