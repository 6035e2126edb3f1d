import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notModified, rescrape, scrapy } from './contender.ts';
import { lastDays, pagesOf, RUNNERS, startBenchSite } from './demo-site.ts';
import { pythonWithPeers } from './peers.ts';
import { freshDirectory, inTurns, ROUNDS, timesPeer } from './rounds.ts';
import { type Target, timesTarget, verdict } from './verdict.ts';

const WINDOWS = [7, 30] as const;
const TIMES_SCRAPY = 3;

/**
 * What a night costs in which no page has changed: the same window once more, after a first run into the same
 * directory. Beside it the spider as people run it, which fetches all again, and the one with Scrapy's HTTP
 * cache, which asks whether pages changed and reads all of them again. False where a target is missed.
 */
export async function measureUnchanged(): Promise<boolean> {
  const python = pythonWithPeers('Scrapy');
  const site = await startBenchSite({ days: Math.max(...WINDOWS) });
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  const spider = 'racing_classic.py';
  const targets: Target[] = [];
  try {
    console.log(`unchanged: windows of ${WINDOWS.join(' and ')} days once more, ${ROUNDS} rounds in turns`);
    const contenders = [
      rescrape(site),
      ...(python
        ? [scrapy(site, python, { spider }), scrapy(site, python, { spider, httpCache: true })]
        : []),
    ];
    for (const days of WINDOWS) {
      const window = lastDays(site, days);
      const title = `${days} days again`;
      const pages = pagesOf(site, window).length;
      const directory = (name: string) => freshDirectory(root, title, name, 0);
      for (const { name, run } of contenders) await run(window, directory(name));
      const expected = { pages, rows: pages * RUNNERS };
      const rounds = await inTurns(contenders, window, expected, root, { title, directory });
      targets.push(...timesTarget(`Scrapy, ${title}`, TIMES_SCRAPY, timesPeer(rounds, 'scrapy')));
      const cached = timesPeer(rounds, 'scrapy, HTTP cache');
      const asked = Math.min(...(rounds.get('scrapy, HTTP cache') ?? []).map(notModified));
      if (asked < pages) throw new Error(`Scrapy with its HTTP cache was answered 304 only ${asked} times`);
      if (cached !== undefined) console.log(`  ${cached.toFixed(2)} times Scrapy with its HTTP cache`);
    }
    return verdict('unchanged', targets);
  } finally {
    await site.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

if (import.meta.main && !(await measureUnchanged())) process.exitCode = 1;
