import type { Place } from '../advice.ts';
import { printCompleteness, verdictLine } from '../completeness-text.ts';
import { completenessRecord, runRecord } from '../json-records.ts';
import { counted, number } from '../list.ts';
import { printTable } from '../print.ts';
import { printRunEnd } from '../run-summary.ts';
import type { DemoEnd } from './demo.ts';

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

export function demoRecord({ source, imported, runs, counts, changes, completeness }: DemoEnd): object {
  return {
    ...{ source, imported, runs: runs.map(runRecord), counts },
    changes: changes && [...changes].map(([value, change]) => ({ value, ...change })),
    completeness: completenessRecord(completeness),
  };
}
