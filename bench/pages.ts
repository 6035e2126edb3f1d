import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Row } from '../core/schema/columns.ts';
import { racing } from '../sources/racing/source.ts';
import { compareRows, rowsOfJson, rowsOfParquet } from './agreement.ts';
import type { Window } from './command-line.ts';
import { type Contender, crawlee, EXACT_SCRAPY, rescrape, scrapy } from './contender.ts';
import { type BenchSite, lastDays, pagesOf, RUNNERS, startBenchSite } from './demo-site.ts';
import { crawleeIsInstalled, pythonWithPeers } from './peers.ts';
import { freshDirectory, inTurns, pagesPerCpuSecond, ROUNDS, type Rounds, timesPeer } from './rounds.ts';
import { type Target, timesTarget, verdict } from './verdict.ts';

/** Of each window, at least how many times as many pages a CPU-second as Scrapy with the same care. */
const TIMES_SCRAPY = [
  [7, 1.25],
  [30, 1.4],
  [90, 1.5],
] as const;
/** Not behind the fastest spider, which reads nothing once a page wraps a field or adds a class. */
const TIMES_EXACT = 1;
/** About 2,070 pages in 270 partitions: starting up does not weigh. */
const LONGEST = 90;
/** Of the spider with exact paths over the longest window, so that all benchmarks stay below 15 minutes. */
const ROUNDS_EXACT = 2;
const TIMES_CRAWLEE = 3;
const PAGES_PER_CPU_SECOND = 100;

/**
 * Pages per CPU-second, from the start of the command to its exit and with all its processes, beside two
 * spiders of Scrapy and Crawlee's CheerioCrawler on the same pages and fields. `onlyDays`: of one window
 * only. False where a target is missed.
 */
export async function measurePages(onlyDays?: number): Promise<boolean> {
  const windows = TIMES_SCRAPY.filter(([days]) => onlyDays === undefined || days === onlyDays);
  const days = Math.max(...windows.map(([days]) => days));
  const python = pythonWithPeers('Scrapy');
  const hasCrawlee = days === LONGEST && crawleeIsInstalled();
  const site = await startBenchSite({ days });
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  const targets: Target[] = [];
  try {
    console.log(`pages: of 178 KB with ${RUNNERS} runners, start-up included, ${ROUNDS} rounds in turns`);
    const spider = 'racing_classic.py';
    const exact = python && scrapy(site, python, { spider, exactPaths: true });
    const usual = [rescrape(site), ...(python ? [scrapy(site, python, { spider })] : [])];
    for (const [days, times] of windows) {
      const window = lastDays(site, days);
      const pages = pagesOf(site, window).length;
      const title = `${days} days`;
      const isLongest = days === LONGEST;
      const contenders = [
        ...usual,
        ...(exact ? [isLongest ? { ...exact, rounds: ROUNDS_EXACT } : exact] : []),
        ...(isLongest && hasCrawlee ? [crawleeOf(site)] : []),
      ];
      const expected = { pages, rows: pages * RUNNERS };
      const rounds = await inTurns(contenders, window, expected, root, { title });
      await compare(site, window, contenders, (name) => freshDirectory(root, title, name, 1));
      targets.push(...timesTarget(`Scrapy over ${days} days`, times, timesPeer(rounds, 'scrapy')));
      const exactTimes = timesPeer(rounds, EXACT_SCRAPY);
      targets.push(...timesTarget(`Scrapy with exact paths over ${days} days`, TIMES_EXACT, exactTimes));
      if (isLongest) targets.push(...longestTargets(rounds));
    }
    return verdict('pages', targets);
  } finally {
    await site.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

function crawleeOf(site: BenchSite): Contender {
  return crawlee((window) => pagesOf(site, window).map(({ url }) => url));
}

function longestTargets(rounds: Rounds): Target[] {
  const ours = pagesPerCpuSecond(rounds.get('rescrape') ?? []);
  return [
    ...timesTarget(`Crawlee over ${LONGEST} days`, TIMES_CRAWLEE, timesPeer(rounds, 'crawlee')),
    {
      claim: `at least ${PAGES_PER_CPU_SECOND} pages per CPU-second over ${LONGEST} days`,
      holds: ours >= PAGES_PER_CPU_SECOND,
      measured: ours.toFixed(1),
    },
  ];
}

/** What the peers made of the window, held against the lake of ours. */
async function compare(
  site: BenchSite,
  window: Window,
  contenders: readonly Contender[],
  directoryOf: (contender: string) => string,
): Promise<void> {
  const places = new Map(site.pages.map(({ id, value, date }) => [id, `${value}/${date}`]));
  for (const { name } of contenders) {
    if (name === 'rescrape') continue;
    const directory = directoryOf(name);
    const rows =
      name === 'crawlee'
        ? rowsOfJson(`${directory}.json`, (row: Row) => places.get(String(row.race_id)) ?? '')
        : rowsOfParquet(racing, join(directory, 'rows'));
    await compareRows(racing, window, directoryOf('rescrape'), { name, rows });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { days: { type: 'string' } } });
  const days = values.days === undefined ? undefined : Number(values.days);
  if (days !== undefined && !TIMES_SCRAPY.some(([each]) => each === days)) {
    console.error(`--days wants ${TIMES_SCRAPY.map(([each]) => each).join(', ')}, not ${values.days}`);
    process.exitCode = 2;
  } else if (!(await measurePages(days))) process.exitCode = 1;
}
