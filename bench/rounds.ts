import { join } from 'node:path';
import { printTable } from '../cli/print.ts';
import type { Run, Window } from './command-line.ts';
import type { Contender } from './contender.ts';
import { median } from './verdict.ts';

export const ROUNDS = 3;

export interface Expected {
  readonly pages: number;
  readonly rows: number;
}

/** Runs of each contender, by its name. */
export type Rounds = ReadonlyMap<string, readonly Run[]>;

export interface RoundsOptions {
  /** What the table and its lines are called. */
  readonly title: string;
  /** Where the run of a round goes. @default a fresh directory in `root` */
  readonly directory?: (contender: string, round: number) => string;
}

/**
 * Contenders in turns, `ROUNDS` times or as few as one of them wants, so that whatever else the machine does
 * falls on all of them. Throws where one does not find what there is: it would not be fast but broken.
 * Nothing is deleted in between: ext4 makes files slowly for seconds after many were deleted.
 */
export async function inTurns(
  contenders: readonly Contender[],
  window: Window,
  expected: Expected,
  root: string,
  { title, directory = (name, round) => freshDirectory(root, title, name, round) }: RoundsOptions,
): Promise<Rounds> {
  const results = new Map(contenders.map(({ name }) => [name, [] as Run[]]));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const { name, run, rounds = ROUNDS } of contenders) {
      if (round > rounds) continue;
      const measured = await run(window, directory(name, round));
      check(name, measured, expected);
      results.get(name)?.push(measured);
    }
  }
  printTable(
    [
      { name: 'contender', title },
      { name: 'cpu', title: 'pages per CPU-second', alignment: 'right' },
      { name: 'seconds', title: 'CPU s', alignment: 'right' },
      { name: 'wall', title: 'pages per second', alignment: 'right' },
      { name: 'peak', title: 'peak MB', alignment: 'right' },
    ],
    [...results].map(([contender, runs]) => ({
      contender,
      cpu: pagesPerCpuSecond(runs).toFixed(1),
      seconds: (median(runs.map(({ usage }) => usage.cpuMs)) / 1000).toFixed(2),
      wall: median(runs.map(({ pages, wallMs }) => (pages / wallMs) * 1000)).toFixed(1),
      peak: median(runs.map(({ usage }) => usage.peakBytes / 1e6)).toFixed(0),
    })),
  );
  return results;
}

/** Directory of one run, which nobody had before. */
export function freshDirectory(root: string, title: string, contender: string, round: number): string {
  return join(root, `${title}-${contender}-${round}`.replaceAll(/[^a-z0-9]+/gi, '-'));
}

/** How many times as many pages a CPU-second as the peer; undefined where the peer is not there. */
export function timesPeer(rounds: Rounds, peer: string): number | undefined {
  const [ours, theirs] = [rounds.get('rescrape'), rounds.get(peer)];
  return ours && theirs && pagesPerCpuSecond(ours) / pagesPerCpuSecond(theirs);
}

export function pagesPerCpuSecond(runs: readonly Run[]): number {
  return median(runs.map(({ pages, usage }) => (pages / usage.cpuMs) * 1000));
}

function check(name: string, { pages, rows }: Run, expected: Expected): void {
  if (pages === expected.pages && rows === expected.rows) return;
  const wanted = `${expected.pages} pages and ${expected.rows} rows`;
  throw new Error(`${name} read ${pages} pages and ${rows} rows instead of ${wanted}`);
}
