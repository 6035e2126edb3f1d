import { RESULTS } from '../../core/extract/result-object.ts';
import type { Place } from '../advice.ts';
import { printCompleteness, verdictLine } from '../completeness-text.ts';
import { batchRecord, extractFailureRecord, extractRunRecord, pageRecord } from '../extract-records.ts';
import { printBatches, printExtractFailures, REASON_WORDS, retryLines } from '../extract-views.ts';
import { FailedCommand } from '../failure.ts';
import { completenessRecord, runRecord } from '../json-records.ts';
import { counted, number } from '../list.ts';
import type { PageStatus } from '../page-status.ts';
import { cellText, printTable } from '../print.ts';
import { printRunEnd } from '../run-summary.ts';
import type { CrawledEnd, DemoEnd, ExtractedEnd } from './demo.ts';
import type { EnrichedDemo } from './enriched.ts';

/** What a demo left, when it has ended. */
export async function printDemo(end: DemoEnd, place: Place): Promise<void> {
  if (end.kind === 'extracted') await printExtracted(end);
  else printCrawled(end, place);
}

/** Each of its runs, and how whole days are that are scraped again. */
function printCrawled({ imported, runs, platform, completeness, source }: CrawledEnd, place: Place): void {
  if (imported)
    console.log(
      `${counted(imported.created + imported.updated + imported.unchanged, 'target')} imported, as "rescrape targets import ${source}" does, from ${platform.directory}/demo/${source}.csv`,
    );
  for (const end of runs) printRunEnd(platform, end, place);
  if (!imported) printCompleteness(completeness, place);
}

/** Its batches, what failed, how often, and which pages were not read. */
async function printExtracted(end: ExtractedEnd): Promise<void> {
  const { batches, failures, pages, maxRetries, directory, library, run } = end;
  await printBatches(batches);
  if (failures.length > 0) {
    console.log('\nAnswers that were none:');
    printExtractFailures(failures, maxRetries);
  }
  for (const line of retryLines(pages, maxRetries)) console.log(line);
  const unread = pages.filter(({ reason }) => reason !== 'done');
  if (unread.length > 0) {
    console.log('\nPages that were not read:');
    printTable(
      [{ name: 'page' }, { name: 'reason' }],
      unread.map(({ key, reasonText, lastFailure }) => ({
        page: key,
        reason: lastFailure ? `${reasonText}: ${lastFailure}` : reasonText,
      })),
    );
  }
  for (const { page, reason } of run.leftOut) console.log(cellText(`${page} was not sent: ${reason}`));
  console.log(
    `A file a page: ${directory}/lake/${RESULTS}; what is none, as it came, beside it; the library: ${library}`,
  );
  console.log('The tables: catalog_pages, a row a page, and courses, a row a course');
}

/** A table a source, then the verdicts. */
export function printSummary(ends: readonly DemoEnd[]): void {
  for (const end of ends) {
    if (end.kind === 'extracted') continue;
    const { source, counts, changes } = end;
    const rows = counts.map((count) => ({ ...count, ...(changes && (changes.get(count.value) ?? NONE)) }));
    console.log(`\n${source}${changes ? ', the second crawl; what changed since the first' : ''}:`);
    printTable([...COLUMNS, ...(changes ? CHANGES : [])], rows);
  }
  for (const end of ends) if (end.kind === 'crawled' && end.enriched) printEnriched(end.enriched);
  console.log();
  for (const end of ends)
    console.log(end.kind === 'crawled' ? verdictLine(end.completeness) : extractVerdict(end));
}

/** How many pages were read, and whether everything is as the demo says that it must be. */
function extractVerdict({ source, pages, mismatches, run }: ExtractedEnd): string {
  const count = (reason: PageStatus['reason']) => pages.filter((page) => page.reason === reason).length;
  const others = (['exhausted', 'waits', 'no image', 'in flight', 'runnable'] as const).flatMap((reason) =>
    count(reason) > 0 ? [`${count(reason)} ${REASONS[reason]}`] : [],
  );
  const verdict =
    mismatches.length === 0
      ? 'each page as it must be'
      : `${counted(mismatches.length, 'page')} not as they must be:`;
  const text = [`${count('done')} of ${pages.length} pages read`, ...others].join(', ');
  return [
    `${source} ${run.kind}: ${text}; ${verdict}`,
    ...mismatches.map((line) => `  ${cellText(line)}`),
  ].join('\n');
}

/** The run is over: what it would send next was not sent. */
const REASONS = { ...REASON_WORDS, runnable: 'not sent' } as const;

const NONE = { appeared: 0, gone: 0, prices: 0, stock: 0 };
const COLUMNS = [
  { name: 'value', title: '' },
  ...['crawled', 'found', 'failed', 'skipped'].map((name) => ({ name, ...number })),
  { name: 'not_ready', title: 'not ready', ...number },
  { name: 'rows', ...number },
];
const CHANGES = [
  { name: 'appeared', title: 'new', ...number },
  { name: 'gone', ...number },
  { name: 'prices', title: 'other price', ...number },
  { name: 'stock', title: 'other stock', ...number },
];

/** Lines of what is wrong that are printed. */
const WRONG_TOLD = 10;

function printEnriched({ kinds, verified, wrong }: EnrichedDemo): void {
  console.log('\nrecords that were enriched, by kind:');
  printTable(
    KIND_COLUMNS.map((name) => (name === 'kind' ? { name, title: '' } : { name, ...number })),
    kinds.map((counts) => ({ ...counts })),
  );
  const { rows, parked, dead } = verified;
  console.log(
    wrong.length === 0
      ? `the tables hold what they should, row by row: ${rows} rows; ${parked} parked and ${counted(dead, 'dead letter')} as expected`
      : [
          `WRONG: ${counted(wrong.length, 'difference')} from what should be there`,
          ...wrong.slice(0, WRONG_TOLD),
        ].join('\n  '),
  );
}

const KIND_COLUMNS = [
  ...['kind', 'scraped', 'processed', 'enriched', 'failed', 'inserted', 'updated', 'unchanged', 'older'],
  ...['parked', 'dead', 'rows'],
];

/** Throws where what is there is not what should be: a demo that proves nothing has failed. */
export function refuseWrong(ends: readonly DemoEnd[]): void {
  const wrong = ends.flatMap((end) =>
    end.kind === 'crawled' ? (end.enriched?.wrong ?? []) : end.mismatches,
  );
  if (wrong.length > 0)
    throw new FailedCommand(`${counted(wrong.length, 'difference')} from what should be there: ${wrong[0]}`);
}

export function demoRecord(end: DemoEnd): object {
  if (end.kind === 'extracted') {
    const { source, run, batches, failures, pages, mismatches } = end;
    return {
      ...{ source, run: extractRunRecord(run), batches: batches.map(batchRecord) },
      ...{ failures: failures.map(extractFailureRecord), pages: pages.map(pageRecord), mismatches },
    };
  }
  const { source, imported, runs, counts, changes, completeness, enriched } = end;
  return {
    ...{ source, imported, runs: runs.map(runRecord), counts },
    changes: changes && [...changes].map(([value, change]) => ({ value, ...change })),
    completeness: completenessRecord(completeness),
    enriched: enriched ?? null,
  };
}
