import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printTable } from '../cli/print.ts';
import { compareRows } from './agreement.ts';
import { measureRun, measureStart } from './command-line.ts';
import { measureCompleteness } from './completeness.ts';
import { measureCrawlee } from './crawlee.ts';
import { type BenchSite, startBenchSite } from './demo-site.ts';
import { measureMemory } from './memory.ts';
import { peersAreInstalled } from './peers.ts';
import { median, type Target, verdict } from './verdict.ts';

/** About 2,070 pages in 270 partitions: starting up does not weigh. */
const DAYS = 90;
const ROUNDS = 3;
const RUNNERS = 12;

const PAGES_PER_CPU_SECOND = 100;
const TIMES_CRAWLEE = 2;

/** One run of a contender. All times in milliseconds. */
interface Round {
  readonly pages: number;
  readonly rows: number;
  /** Whole process, start to exit. */
  readonly cpuMs: number;
  /** Of that, before the first request: start of Node, imports. */
  readonly startCpuMs: number;
  readonly wallMs: number;
  readonly peakBytes: number;
}

interface Contender {
  readonly name: string;
  readonly run: (round: number) => Promise<Round>;
}

/**
 * Pages per CPU-second of the scraping process, from the socket to what is written, beside Crawlee's
 * CheerioCrawler on the same pages and fields. Each run is a process of its own; the contenders take turns.
 * False where a target is missed.
 */
async function measurePages(): Promise<boolean> {
  const hasPeer = peersAreInstalled();
  // Both take zstd, which the demo site prefers.
  const site = await startBenchSite({ days: DAYS, codings: ['zstd'] });
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  try {
    console.log(
      `pages: ${site.pages.length} pages of 178 KB with ${RUNNERS} runners, ${ROUNDS} rounds in turns`,
    );
    const contenders = [rescrape(site, root), ...(hasPeer ? [crawlee(site, root)] : [])];
    const results = new Map(contenders.map(({ name }) => [name, [] as Round[]]));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { name, run } of contenders) {
        const measured = await run(round);
        checkCount(name, measured, site);
        results.get(name)?.push(measured);
        console.log(`  round ${round}, ${name}: ${perCpuSecond(measured).toFixed(1)} pages per CPU-second`);
      }
    }
    if (hasPeer) {
      const compared = await compareRows(site, join(root, 'lake-1'), join(root, 'crawlee-1.json'));
      console.log(`  both read the same: ${compared.rows} rows, ${compared.columns} columns`);
    }
    return report(results);
  } finally {
    await site.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/**
 * Into a fresh directory each time, deleted only at the end: ext4 makes files slowly for seconds after many
 * were deleted.
 */
function rescrape(site: BenchSite, root: string): Contender {
  return {
    name: 'rescrape',
    run: async (round) => {
      const { cpuMs: startCpuMs } = await measureStart(site, site, join(root, `start-${round}`));
      return { ...(await measureRun(site, site, join(root, `lake-${round}`))), startCpuMs };
    },
  };
}

function crawlee(site: BenchSite, root: string): Contender {
  const urls = join(root, 'urls.txt');
  writeFileSync(urls, site.pages.join('\n'));
  return { name: 'crawlee', run: (round) => measureCrawlee(urls, join(root, `crawlee-${round}.json`)) };
}

/** A contender that lost pages is not fast but broken. */
function checkCount(name: string, { pages, rows }: Round, site: BenchSite): void {
  const wanted = site.pages.length;
  if (pages === wanted && rows === wanted * RUNNERS) return;
  throw new Error(
    `${name} read ${pages} pages and ${rows} rows instead of ${wanted} and ${wanted * RUNNERS}`,
  );
}

function perCpuSecond({ pages, cpuMs, startCpuMs }: Round): number {
  return (pages / (cpuMs - startCpuMs)) * 1000;
}

function report(results: ReadonlyMap<string, readonly Round[]>): boolean {
  const number = { alignment: 'right' as const };
  printTable(
    [
      { name: 'contender' },
      { name: 'cpu', title: 'pages per CPU-second', ...number },
      { name: 'whole', title: 'start-up included', ...number },
      { name: 'wall', title: 'pages per second', ...number },
      { name: 'peak', title: 'peak MB', ...number },
    ],
    [...results].map(([contender, rounds]) => ({
      contender,
      cpu: median(rounds.map(perCpuSecond)).toFixed(1),
      whole: median(rounds.map(({ pages, cpuMs }) => (pages / cpuMs) * 1000)).toFixed(1),
      wall: median(rounds.map(({ pages, wallMs }) => (pages / wallMs) * 1000)).toFixed(1),
      peak: median(rounds.map(({ peakBytes }) => peakBytes / 1e6)).toFixed(0),
    })),
  );
  const [ours = 0, theirs] = [...results.values()].map((rounds) => median(rounds.map(perCpuSecond)));
  const targets: Target[] = [
    {
      claim: `at least ${PAGES_PER_CPU_SECOND} pages per CPU-second`,
      holds: ours >= PAGES_PER_CPU_SECOND,
      measured: ours.toFixed(1),
    },
  ];
  if (theirs !== undefined) {
    targets.push({
      claim: `at least ${TIMES_CRAWLEE} times Crawlee`,
      holds: ours >= TIMES_CRAWLEE * theirs,
      measured: `${(ours / theirs).toFixed(2)} times`,
    });
  }
  return verdict('pages', targets);
}

if (import.meta.main) {
  const held = [await measurePages()];
  if (!process.argv.includes('--only')) held.push(await measureMemory(), await measureCompleteness());
  if (held.includes(false)) process.exitCode = 1;
}
