import { runChild } from './child.ts';
import { CONCURRENCY } from './command-line.ts';
import type { Usage } from './usage.ts';

/** What `crawlee-pages.ts` says of itself. */
export interface CrawleeRun extends Usage {
  readonly pages: number;
  readonly rows: number;
  /** Milliseconds of CPU before the crawler was made: start of Node, imports. */
  readonly startCpuMs: number;
}

/** Crawlee over a file of addresses, one a line, into one file of JSON. */
export async function measureCrawlee(urls: string, output: string): Promise<CrawleeRun & { wallMs: number }> {
  const startedAt = performance.now();
  const run = await runChild<CrawleeRun>('crawlee-pages.ts', [urls, output, String(CONCURRENCY)]);
  return { ...run, wallMs: performance.now() - startedAt };
}
