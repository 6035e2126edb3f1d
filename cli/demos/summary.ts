import type { Place } from '../advice.ts';
import { printCompleteness, verdictLine } from '../completeness-text.ts';
import { FailedCommand } from '../failure.ts';
import { completenessRecord, runRecord } from '../json-records.ts';
import { counted, number } from '../list.ts';
import { printTable } from '../print.ts';
import { printRunEnd } from '../run-summary.ts';
import type { DemoEnd } from './demo.ts';
import type { EnrichedDemo } from './enriched.ts';

/** What a demo left, when it has ended: each of its runs, and how whole days are that are scraped again. */
export function printDemo({ imported, runs, platform, completeness, source }: DemoEnd, place: Place): void {
  if (imported)
    console.log(
      `${counted(imported.created + imported.updated + imported.unchanged, 'target')} imported, as "rescrape targets import ${source}" does, from ${platform.directory}/demo/${source}.csv`,
    );
  for (const end of runs) printRunEnd(platform, end, place);
  if (!imported) printCompleteness(completeness, place);
}

/** A table a source, then the verdicts. */
export function printSummary(ends: readonly DemoEnd[]): void {
  for (const { source, counts, changes } of ends) {
    const rows = counts.map((count) => ({ ...count, ...(changes && (changes.get(count.value) ?? NONE)) }));
    console.log(`\n${source}${changes ? ', the second crawl; what changed since the first' : ''}:`);
    printTable([...COLUMNS, ...(changes ? CHANGES : [])], rows);
  }
  for (const { enriched } of ends) if (enriched) printEnriched(enriched);
  console.log();
  for (const { completeness } of ends) console.log(verdictLine(completeness));
}

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
  const wrong = ends.flatMap(({ enriched }) => enriched?.wrong ?? []);
  if (wrong.length > 0)
    throw new FailedCommand(`${counted(wrong.length, 'difference')} from what should be there: ${wrong[0]}`);
}

export function demoRecord({
  source,
  imported,
  runs,
  counts,
  changes,
  completeness,
  enriched,
}: DemoEnd): object {
  return {
    ...{ source, imported, runs: runs.map(runRecord), counts },
    changes: changes && [...changes].map(([value, change]) => ({ value, ...change })),
    completeness: completenessRecord(completeness),
    enriched: enriched ?? null,
  };
}
