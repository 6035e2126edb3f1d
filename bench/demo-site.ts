import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addDays, type CivilDate, civilDate, datesBetween } from '../core/calendar/civil-date.ts';
import type { Partition } from '../core/source/source.ts';
import { racing } from '../sources/racing/source.ts';
import type { Window } from './command-line.ts';

/** The day that it is on the site: fixed, so that every machine measures the same pages. */
const TODAY = civilDate('2025-10-31');

export interface BenchSite {
  readonly url: string;
  readonly start: CivilDate;
  readonly end: CivilDate;
  /** The race pages of the window in the three countries, in the order of the indexes. */
  readonly pages: readonly RacePage[];
  stop(): Promise<void>;
}

export interface RacePage extends Partition {
  readonly id: string;
  readonly url: string;
}

export interface BenchSiteOptions {
  readonly days: number;
  /** @default classic */
  readonly markup?: 'classic' | 'next';
  /** Times the usual 20-odd races of a day. */
  readonly racesPerDay?: number;
  /** A file that gets one JSON line a request. */
  readonly log?: string;
}

/** In every race. */
export const RUNNERS = 12;

/**
 * The one content coding that the site offers, for all contenders ask for it: left to choose, one would read
 * zstd and another gzip, which takes 0.1 ms longer.
 */
const CODING = 'gzip';

/** Those of the site are about 1.7 MB; only race pages count. */
const INDEX_BYTES = 82_000;

/**
 * The demo site in a process of its own, without faults: 178 KB pages with 12 runners that carry every field.
 * All of its pages are asked for once before it is handed over, so that no contender waits for the site to
 * make them.
 */
export async function startBenchSite(options: BenchSiteOptions): Promise<BenchSite> {
  const { days, markup = 'classic', racesPerDay = 1, log } = options;
  const main = fileURLToPath(new URL('../demo/main.ts', import.meta.url));
  const indexFlags = ['--index-bytes', String(INDEX_BYTES)];
  const pageFlags = ['--markup', markup, '--no-specials', '--field-size', String(RUNNERS), ...indexFlags];
  const flags = ['--json', '--no-faults', '--today', TODAY, ...pageFlags];
  const child = spawn(
    process.execPath,
    [
      main,
      ...flags,
      '--races-per-day',
      String(racesPerDay),
      '--encodings',
      CODING,
      ...(log === undefined ? [] : ['--log', log]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    const url = await addressOf(child.stdout);
    const start = addDays(TODAY, 1 - days);
    const pages = await warm(url, [...datesBetween(start, TODAY)]);
    return { url, start, end: TODAY, pages, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The last days of the site. */
export function lastDays({ end }: BenchSite, days: number): Window {
  return { start: addDays(end, 1 - days), end };
}

/** The race pages of a window, and how many rows are on them. */
export function pagesOf({ pages }: BenchSite, { start, end }: Window): readonly RacePage[] {
  return pages.filter(({ date }) => start <= date && date <= end);
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const { url } = JSON.parse(text) as { url: string };
  return url;
}

async function warm(url: string, dates: readonly CivilDate[]): Promise<RacePage[]> {
  const pages: RacePage[] = [];
  for (const date of dates) {
    const path = `/results/${date}`;
    const text = await bodyOf(url + path, 'identity');
    const page = { url: url + path, status: 200, contentType: 'text/html', text };
    const races = racing.targets.flatMap(({ id: target }) => {
      const found = racing.discover.parse(page, { value: target, date }, { attempt: 1, notes: [] });
      if (found.kind === 'rejected') throw new Error(`${path}: ${found.message}`);
      return found.kind === 'items'
        ? found.items.map(({ id, url: at }) => ({ id, url: url + at, value: target, date }))
        : [];
    });
    await Promise.all([url + path, ...races.map((race) => race.url)].map((each) => bodyOf(each, CODING)));
    pages.push(...races);
  }
  return pages;
}

async function bodyOf(url: string, coding: string): Promise<string> {
  const response = await fetch(url, { headers: { 'accept-encoding': coding } });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response.text();
}
