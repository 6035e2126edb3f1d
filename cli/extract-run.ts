import { join } from 'node:path';
import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import type { Batch } from '../core/extract/batch.ts';
import type { ExtractContext } from '../core/extract/extract-context.ts';
import { pageKeyText } from '../core/extract/page-key.ts';
import { planRun, type RunPlan } from '../core/extract/plan-run.ts';
import { RESULTS } from '../core/extract/result-object.ts';
import { type RunEnd, type RunOptions, runExtraction } from '../core/extract/run-extraction.ts';
import { noCounts, type ScanCounts } from '../core/extract/scan.ts';
import { decidedPages, type ScanOptions } from '../core/extract/scan-now.ts';
import { reportKey } from '../core/lake/layout.ts';
import { namesText } from '../core/wording/names.ts';
import { publishPagesLocally } from '../runtime/local-extraction.ts';
import { isStack } from '../runtime/platform-for.ts';
import { globalOptions } from './context.ts';
import { batchRecord, countsRecord, extractRunRecord } from './extract-records.ts';
import { countsText, printBatches } from './extract-views.ts';
import {
  type BookFilterOptions,
  bookFilterOf,
  refuseUnknownBooks,
  withExtraction,
  withExtractScan,
} from './extraction.ts';
import { FailedCommand, IncompleteCommand, InterruptedCommand, UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { printObject } from './json.ts';
import { counted, number } from './list.ts';
import { cellText, printTable } from './print.ts';
import { resultsOf } from './publication-text.ts';
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
    return withExtractScan(command, name, async (context, { globals: { json } }) => {
      await refuseUnknownBooks(context, filter);
      printPlan(await planRun(context, { ...asked, limit }), context.extraction.name, json);
    });
  if (globalOptions(command).stack !== undefined)
    throw new UsageError(
      'a stack extracts by itself, every ten minutes',
      'leave --stack out to extract here, or see how far it is: extract status',
    );
  await withExtraction(command, name, async (opened, { platform, globals: { json }, progress }) => {
    await refuseUnknownBooks(opened, filter);
    const touched = new Set<string>();
    const context: ExtractContext = {
      ...opened,
      tell: (event) => {
        if ('batch' in event) touched.add(event.batch);
        opened.tell(event);
      },
    };
    const end = await interruptibleExtraction(context, {
      ...asked,
      ...(limit !== undefined && { limit }),
      onWave: (wave) => progress.onWave(wave),
    });
    const published = isStack(platform) ? undefined : await publishPagesLocally(platform, context);
    progress.end();
    const results = published ? resultsOf(published) : [];
    const counts = await countsAfter(context, asked);
    const batches: Batch[] = [];
    for (const id of [...touched].sort()) {
      const stored = await context.batches.get(id);
      if (stored) batches.push(stored.batch);
    }
    if (json)
      printObject({
        ...{ extraction: context.extraction.name, ...extractRunRecord(end), pages: countsRecord(counts) },
        batches: batches.map((batch) => batchRecord(batch)),
        tables: results.map(({ name: partition, status, rows }) => ({ partition, status, rows })),
      });
    else {
      if (batches.length > 0) await printBatches(batches);
      for (const { page, reason } of end.leftOut) console.log(cellText(`${page} was not sent: ${reason}`));
      console.log(`${context.extraction.name} ${end.kind}: ${countsText(counts)}`);
      console.log(`results: ${addressOf(platform, RESULTS)}`);
      const committed = results.filter(({ status }) => status === 'committed').length;
      console.log(`tables: ${counted(committed, 'partition')} of ${results.length} looked at committed`);
      const last = batches.filter(({ job, state }) => job !== null && state !== 'submitted').at(-1);
      if (last)
        console.log(
          `reports: ${addressOf(platform, join('reports', '*', 'report.html'))}, the last: ${addressOf(platform, reportKey(last.id, 'html'))}`,
        );
    }
    refuseUnpublished(results);
    refuseUnread(end, counts, await context.batches.active());
  });
}

/** Ctrl-C ends it in order. `interrupted`: what is said then. */
export function interruptibleExtraction(
  context: ExtractContext,
  options: RunOptions,
  interrupted = 'interrupted: no page is lost, and jobs that were submitted go on; the next run takes them up',
): Promise<RunEnd> {
  return interruptible(async (signal) => {
    try {
      return await runExtraction({ ...context, signal }, options);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new InterruptedCommand(interrupted);
    }
  });
}

async function countsAfter(context: ExtractContext, options: ScanOptions): Promise<ScanCounts> {
  const counts = noCounts();
  // What is to be said of labels and images was said.
  const silent = { ...context, tell: () => {} };
  for await (const { reason } of decidedPages(silent, options)) counts[reason]++;
  return counts;
}

/** Throws where a partition could not become what its results say; the next run tries again. */
function refuseUnpublished(results: ReturnType<typeof resultsOf>): void {
  const failed = results.find(({ status }) => status === 'failed');
  if (failed) throw new FailedCommand(`${failed.name} could not be published: ${failed.reason}`);
  const held = results.find(({ status }) => status === 'held');
  if (held) throw new IncompleteCommand(`${held.name} is held: ${held.reason}`);
}

/** Throws unless every page that was asked for has a result. */
function refuseUnread(
  { kind, refused, sent, leftOut }: RunEnd,
  counts: ScanCounts,
  active: readonly Batch[],
): void {
  const again = 'give the same command again later; no page is lost';
  if (kind === 'refused')
    throw new FailedCommand(
      `the provider refuses what it is sent: ${refused}`,
      advise({ kind: 'refused-by-provider' }),
    );
  if (kind === 'delayed')
    throw new FailedCommand('the provider could not be reached, again and again', again);
  if (kind === 'finished' && sent.pages === 0 && leftOut.length > 0)
    throw new FailedCommand(`no page could be sent: ${leftOut[0]!.page}: ${leftOut[0]!.reason}`, again);
  if (kind === 'stuck') {
    const without = active.filter(({ state }) => state === 'without-results');
    const ids = namesText(
      (without.length > 0 ? without : active).map(({ id }) => id),
      3,
    );
    if (without.length === 0)
      throw new FailedCommand(
        `nobody can go on with ${counted(active.length, 'batch', 'batches')} (${ids}): the lines above say why`,
        advise({ kind: 'refused-by-provider' }),
      );
    throw new IncompleteCommand(
      `${counted(without.length, 'batch', 'batches')} without results, though paid for: ${ids}`,
      advise({ kind: 'batch-without-results', id: without[0]!.id }),
    );
  }
  const { done, filtered, ...others } = counts;
  const unread = Object.values(others).reduce((sum, each) => sum + each, 0);
  if (done + unread === 0 && filtered === 0) throw new FailedCommand('the library has no labelled page');
  if (unread === 0) return;
  const text = `${counted(unread, 'page')} of ${done + unread} without a result`;
  throw new IncompleteCommand(text, advise({ kind: kind === 'held' ? 'held-pages' : 'unread-pages' }));
}

function printPlan(
  { counts, batches, active }: RunPlan,
  extraction: string,
  json: boolean | undefined,
): void {
  const rows = batches.map((pages, at) => ({
    ...{ batch: at + 1, pages: pages.length },
    ...{ first_page: pageKeyText(pages[0]!), last_page: pageKeyText(pages.at(-1)!) },
  }));
  if (json) {
    const planned = rows.map((row, at) => ({ ...row, page_keys: batches[at]!.map(pageKeyText) }));
    printObject({ dryRun: true, extraction, pages: countsRecord(counts), active, batches: planned });
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
