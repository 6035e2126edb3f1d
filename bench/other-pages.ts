import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays, civilDate } from '../core/calendar/civil-date.ts';
import type { Source } from '../core/source/source.ts';
import { racing } from '../sources/racing/source.ts';
import { compareRows, rowsOfParquet } from './agreement.ts';
import { startAuctionSite } from './auctions/site.ts';
import { auctions } from './auctions/source.ts';
import type { Window } from './command-line.ts';
import { rescrape, scrapy } from './contender.ts';
import { lastDays, RUNNERS, startBenchSite } from './demo-site.ts';
import { pythonWithPeers } from './peers.ts';
import { type Expected, freshDirectory, inTurns, ROUNDS, timesPeer } from './rounds.ts';

const DAYS = 30;
/** The last day of the auction site. */
const END = civilDate('2025-10-31');

interface OtherPages {
  readonly title: string;
  readonly source: Source;
  readonly site: { readonly url: string };
  readonly window: Window;
  readonly expected: Expected;
  readonly spider: string;
  /** Of the command of ours. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Pages per CPU-second on pages of another markup than the demo's classic one, so that no gain is of its
 * pages alone: JSON in pages of racing, and small pages of lots in a table that a source of a hundred lines
 * reads. No target: what is printed is the ratio.
 */
export async function measureOtherPages(): Promise<void> {
  const python = pythonWithPeers('Scrapy');
  console.log(`other pages: ${DAYS} days, start-up included, ${ROUNDS} rounds in turns`);
  const next = await startBenchSite({ days: DAYS, markup: 'next' });
  try {
    await measure(python, {
      ...{ title: 'racing, JSON in pages', source: racing, site: next, spider: 'racing_next.py' },
      window: lastDays(next, DAYS),
      expected: { pages: next.pages.length, rows: next.pages.length * RUNNERS },
    });
  } finally {
    await next.stop();
  }
  const window = { start: addDays(END, 1 - DAYS), end: END };
  const site = await startAuctionSite(window.start, window.end);
  try {
    await measure(python, {
      ...{ title: 'auctions, 10 to 40 KB', source: auctions, site, window, spider: 'auctions.py' },
      expected: { pages: site.sales, rows: site.lots },
      env: { NODE_OPTIONS: `--import=${new URL('auctions/listed.ts', import.meta.url)}` },
    });
  } finally {
    await site.stop();
  }
}

async function measure(
  python: string | undefined,
  { title, source, site, window, expected, spider, env = {} }: OtherPages,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  try {
    const contenders = [
      rescrape(site, { source: source.name, env }),
      ...(python ? [scrapy(site, python, { spider })] : []),
    ];
    const rounds = await inTurns(contenders, window, expected, root, { title });
    const times = timesPeer(rounds, 'scrapy');
    if (times === undefined) return;
    const [ours, theirs] = ['rescrape', 'scrapy'].map((name) => freshDirectory(root, title, name, 1));
    const rows = rowsOfParquet(source, join(theirs!, 'rows'));
    await compareRows(source, window, ours!, { name: 'scrapy', rows });
    console.log(`  ${times.toFixed(2)} times Scrapy\n`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

if (import.meta.main) await measureOtherPages();
