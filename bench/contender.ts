import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONCURRENCY, measureRun, type Run, type Window } from './command-line.ts';
import { runMeasured } from './measured-process.ts';

export interface Contender {
  readonly name: string;
  /** Into a directory of that run: its own lake, or where its files are. */
  readonly run: (window: Window, directory: string) => Promise<Run>;
  /** Fewer rounds than the others run. @default `ROUNDS` */
  readonly rounds?: number;
}

interface Site {
  readonly url: string;
}

/** `rescrape run` of a source. `env`: more of its environment. */
export function rescrape(site: Site, asked: Parameters<typeof measureRun>[3] = {}): Contender {
  return {
    name: 'rescrape',
    run: (window, directory) => measureRun(site, window, directory, asked),
  };
}

export interface ScrapyOptions {
  /** Script in `scrapy/`. */
  readonly spider: string;
  /** Keeps pages beside its output, and asks whether they changed. */
  readonly httpCache?: boolean;
  /** Walks to each field step by step, as the classic spider can. @default false, finds it anywhere below */
  readonly exactPaths?: boolean;
}

/** The classic spider that walks by exact steps. */
export const EXACT_SCRAPY = 'scrapy, exact paths';

/** A spider of ours, as one runs it: `python spider.py`, its Parquet files at its end. */
export function scrapy(site: Site, python: string, options: ScrapyOptions): Contender {
  const { spider, httpCache = false, exactPaths = false } = options;
  const script = fileURLToPath(new URL(`scrapy/${spider}`, import.meta.url));
  return {
    name: httpCache ? 'scrapy, HTTP cache' : exactPaths ? EXACT_SCRAPY : 'scrapy',
    run: async ({ start, end }, directory) => {
      const place = ['--base', site.url, '--out', join(directory, 'rows')];
      const cache = httpCache ? ['--http-cache', join(directory, 'pages')] : [];
      const paths = exactPaths ? ['--paths', 'exact'] : [];
      const args = [script, '--start', start, '--end', end, ...place, ...cache, ...paths];
      return counted(await runMeasured(python, args));
    },
  };
}

/** How many of its requests a spider's site answered with 304. */
export function notModified({ stdout }: Run): number {
  return (JSON.parse(stdout) as { readonly notModified: number }).notModified;
}

/** Crawlee over the addresses of race pages, into one file of JSON. */
export function crawlee(pagesOf: (window: Window) => readonly string[]): Contender {
  const script = fileURLToPath(new URL('crawlee-pages.ts', import.meta.url));
  return {
    name: 'crawlee',
    run: async (window, directory) => {
      const list = `${directory}-pages.txt`;
      writeFileSync(list, pagesOf(window).join('\n'));
      const args = [script, list, `${directory}.json`, String(CONCURRENCY)];
      return counted(await runMeasured(process.execPath, ['--disable-warning=ExperimentalWarning', ...args]));
    },
  };
}

function counted(measured: Awaited<ReturnType<typeof runMeasured>>): Run {
  const { pages, rows } = JSON.parse(measured.stdout) as { readonly pages: number; readonly rows: number };
  return { ...measured, pages, rows };
}
