import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printTable } from '../cli/print.ts';
import { measureRun } from './command-line.ts';
import { type BenchSite, lastDays, startBenchSite } from './demo-site.ts';
import { median, verdict } from './verdict.ts';

const NIGHT_DAYS = 7;
const SHORT_DAYS = 30;
const LONG_DAYS = 90;
const ROUNDS = 3;

const MAX_PEAK_MB = 260;
/** From the short window on: a night ends before the heap is as large as V8 lets it become. */
const MAX_GROWTH = 1.2;

/**
 * Peak memory of `rescrape run` over a night's, a short and a long window, and what a rerun of an unchanged
 * night asks and writes. The command line itself is measured, start to exit, politeness off. False where a
 * target is missed.
 */
export async function measureMemory(): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  const log = join(root, 'requests.jsonl');
  const site = await startBenchSite({ days: LONG_DAYS, log });
  try {
    console.log(`memory: windows of ${NIGHT_DAYS}, ${SHORT_DAYS} and ${LONG_DAYS} days, ${ROUNDS} rounds`);
    const peaks = { night: [] as number[], short: [] as number[], long: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      peaks.night.push(await peakMb(site, NIGHT_DAYS, join(root, `night-${round}`)));
      peaks.short.push(await peakMb(site, SHORT_DAYS, join(root, `short-${round}`)));
      peaks.long.push(await peakMb(site, LONG_DAYS, join(root, `long-${round}`)));
    }
    const rerun = await measureRerun(site, join(root, `night-${ROUNDS}`), log);
    const [short, long] = [median(peaks.short), median(peaks.long)];
    const number = { alignment: 'right' as const };
    printTable(
      [{ name: 'run' }, { name: 'peak', title: 'peak MB', ...number }, { name: 'rounds', ...number }],
      [
        { run: `${NIGHT_DAYS} days`, peak: median(peaks.night).toFixed(0), rounds: listed(peaks.night) },
        { run: `${SHORT_DAYS} days`, peak: short.toFixed(0), rounds: listed(peaks.short) },
        { run: `${LONG_DAYS} days`, peak: long.toFixed(0), rounds: listed(peaks.long) },
        { run: `${NIGHT_DAYS} days again`, peak: rerun.peakMb.toFixed(0), rounds: '' },
      ],
    );
    return verdict('memory', [
      {
        claim: `${LONG_DAYS} days peak below ${MAX_PEAK_MB} MB`,
        holds: long < MAX_PEAK_MB,
        measured: `${long.toFixed(0)} MB`,
      },
      {
        claim: `${LONG_DAYS} days within ${Math.round((MAX_GROWTH - 1) * 100)} % of ${SHORT_DAYS} days`,
        holds: long <= MAX_GROWTH * short,
        measured: `${((long / short - 1) * 100).toFixed(0)} %`,
      },
      {
        claim: 'an unchanged window is asked for with conditional requests only',
        holds: rerun.full === 0 && rerun.notModified > 0,
        measured: `${rerun.notModified} times 304, ${rerun.full} times 200`,
      },
      {
        claim: 'an unchanged window writes nothing under data/ and tables/',
        holds: rerun.writes === 0,
        measured: `${rerun.writes} files written`,
      },
    ]);
  } finally {
    await site.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function peakMb(site: BenchSite, days: number, directory: string): Promise<number> {
  return (await measureRun(site, lastDays(site, days), directory)).usage.peakBytes / 1e6;
}

/** The same window once more, into the same directory. */
async function measureRerun(site: BenchSite, directory: string, log: string) {
  const lake = join(directory, 'lake');
  const before = [...filesBelow(join(lake, 'data')), ...filesBelow(join(lake, 'tables'))];
  const asked = (await settledLog(log)).length;
  const peak = await peakMb(site, NIGHT_DAYS, directory);
  const requests = (await settledLog(log)).slice(asked).filter(({ path }) => path !== '/robots.txt');
  const after = [...filesBelow(join(lake, 'data')), ...filesBelow(join(lake, 'tables'))];
  return {
    peakMb: peak,
    notModified: requests.filter(({ status }) => status === 304).length,
    full: requests.filter(({ status }) => status !== 304).length,
    writes: new Set(after).symmetricDifference(new Set(before)).size,
  };
}

/**
 * `path inode mtime size` of every file: a file that was written, or replaced by an equal one, is another
 * line.
 */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { ino, mtimeNs, size } = statSync(path, { bigint: true });
      return `${path} ${ino} ${mtimeNs} ${size}`;
    });
}

/** The site's log once nothing is added any more: it is written behind the answers. */
async function settledLog(log: string): Promise<{ path: string; status: number }[]> {
  let text = readFileSync(log, 'utf8');
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = readFileSync(log, 'utf8');
    if (now === text) break;
    text = now;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { path: string; status: number });
}

function listed(peaks: readonly number[]): string {
  return peaks.map((peak) => peak.toFixed(0)).join(', ');
}

if (import.meta.main && !(await measureMemory())) process.exitCode = 1;
