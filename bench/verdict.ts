import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export interface Target {
  readonly claim: string;
  readonly holds: boolean;
  readonly measured: string;
}

/** Prints a line for each target, keeps the figures in `results/`, and answers whether all of them hold. */
export function verdict(bench: string, targets: readonly Target[]): boolean {
  for (const { claim, holds, measured } of targets) {
    console.log(`${holds ? 'pass' : 'FAIL'}  ${claim}: ${measured}`);
  }
  console.log('');
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const { model, length } = Object.assign({ model: 'unknown' }, cpus()[0], { length: cpus().length });
  const machine = { cpu: model, cores: length, node: process.version };
  writeFileSync(
    new URL(`${bench}.json`, folder),
    `${JSON.stringify({ at: new Date().toISOString(), machine, targets }, null, 2)}\n`,
  );
  return targets.every(({ holds }) => holds);
}

/** At least so many times as good as a peer; none where the peer is not there. */
export function timesTarget(peer: string, atLeast: number, times: number | undefined): Target[] {
  if (times === undefined) return [];
  const measured = `${times.toFixed(2)} times`;
  return [{ claim: `at least ${atLeast} times ${peer}`, holds: times >= atLeast, measured }];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
