import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LabelledPages } from '../core/extract/labelled-pages.ts';
import { lakePathOfPage, pageKeyText, pageOfLabelPath } from '../core/extract/page-key.ts';
import { nextBatch, type PageRecord, scanPages } from '../core/extract/scan.ts';
import type { PageKey } from '../core/ports/page-library.ts';
import { median, verdict } from './verdict.ts';

const PAGES = 100_000;
const PAGES_A_BOOK = 250;
const ROUNDS = 5;
const MAX_MS = 2000;
/** What a scan may need beyond its own input: the listings of labels, results and records. */
const MAX_MEGABYTES = 50;

/**
 * A scan of 100,000 labelled pages in 400 books, from paths of labels in no order to the next batch. Every
 * second page of a book is done, the lake knows the names by their hash, and one in fifty has a record.
 */
function measureScan(): boolean {
  const { paths, results, records } = library();
  console.log(
    `scan: ${paths.length} labels, ${results.size} results, ${records.size} records, ${ROUNDS} rounds`,
  );
  const times: number[] = [];
  let most = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { ms, bytes } = scanOnce(paths, results, records);
    times.push(ms);
    // Reading the paths for the first time frees the pieces that V8 made them of, which hides what is kept.
    if (round > 0) most = Math.max(most, bytes);
  }
  const [ms, megabytes] = [median(times), most / 1e6];
  return verdict('scan', [
    { claim: `${PAGES} pages in under ${MAX_MS} ms`, holds: ms < MAX_MS, measured: `${ms.toFixed(0)} ms` },
    {
      claim: `keeps less than ${MAX_MEGABYTES} MB beside its listings`,
      holds: megabytes < MAX_MEGABYTES,
      measured: `${megabytes.toFixed(1)} MB`,
    },
  ]);
}

function scanOnce(
  paths: readonly string[],
  results: ReadonlySet<string>,
  records: ReadonlyMap<string, PageRecord>,
): { readonly ms: number; readonly bytes: number } {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const startedAt = performance.now();
  const labelled = new LabelledPages();
  for (const path of paths) {
    const page = pageOfLabelPath(path);
    if (typeof page !== 'string') labelled.add(page);
  }
  const state = {
    result: (page: PageKey) => (results.has(lakePathOfPage(page)) ? {} : undefined),
    record: (page: PageKey) => records.get(pageKeyText(page)),
    hasImage: () => true,
  };
  const { batch, counts } = nextBatch(scanPages(labelled, state, { filter: {}, maxRetries: 3 }), 100);
  const ms = performance.now() - startedAt;
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - before;
  const decisions = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (batch.length !== 100 || decisions !== PAGES || labelled.repeated > 0)
    throw new Error(`scan: not what the library holds: ${JSON.stringify(counts)}`);
  return { ms, bytes };
}

function library() {
  const paths: string[] = [];
  const results = new Set<string>();
  const records = new Map<string, PageRecord>();
  for (let at = 0; at < PAGES; at++) {
    // A prime step visits every page once, in no order that helps.
    const index = (at * 7919) % PAGES;
    const book = Math.floor(index / PAGES_A_BOOK);
    const page = (index % PAGES_A_BOOK) + 1;
    const key = { state: `State ${book % 20}`, school: `St. Mary's ${book % 100}`, year: 1800 + book, page };
    paths.push(`${key.state}/${key.school}/${key.year}/${String(page).padStart(3, '0')}.json`);
    if (page % 2 === 0) results.add(lakePathOfPage(key));
    if (page % 50 === 1)
      records.set(pageKeyText(key), { failures: page % 4, isInFlight: page % 100 === 1, isForced: false });
  }
  return { paths, results, records };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

process.exitCode = measureScan() ? 0 : 1;
