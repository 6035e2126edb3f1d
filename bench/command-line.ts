import { fileURLToPath } from 'node:url';
import { type Measured, runMeasured } from './measured-process.ts';

/** Pages on their way at once. */
export const CONCURRENCY = 16;

export interface Window {
  readonly start: string;
  readonly end: string;
}

/** One run of a contender, as its process was measured. */
export interface Run extends Measured {
  readonly pages: number;
  readonly rows: number;
}

/** What `rescrape run --json` prints, as far as it is read here. */
interface RunAnswer {
  readonly items: readonly [
    {
      readonly kind: string;
      readonly run: { readonly items_found: number };
      readonly partitions: readonly { readonly rows?: number }[];
    },
  ];
}

/**
 * `rescrape run` over a window as a user gives it, politeness off. `env`: more of its environment. Throws
 * where the run does not finish.
 */
export async function measureRun(
  site: { readonly url: string },
  { start, end }: Window,
  directory: string,
  { source = 'racing', env = {} }: { source?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Run> {
  const args = ['run', source, '--start', start, '--end', end, '--local', directory, '--json'];
  const prefix = `RESCRAPE_${source.toUpperCase()}`;
  const measured = await measureCommand(args, {
    [`${prefix}_URL`]: site.url,
    [`${prefix}_MIN_DELAY_MS`]: '0',
    [`${prefix}_CONCURRENCY`]: String(CONCURRENCY),
    ...env,
  });
  const { items } = JSON.parse(measured.stdout) as RunAnswer;
  const [{ kind, run, partitions }] = items;
  if (kind !== 'finished') throw new Error(`the run from ${start} ${kind}`);
  const rows = partitions.reduce((sum, each) => sum + (each.rows ?? 0), 0);
  return { ...measured, pages: run.items_found, rows };
}

/** A command as a user gives it, launcher and all. Throws where it fails. */
export function measureCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const launcher = fileURLToPath(new URL('../bin/rescrape.js', import.meta.url));
  return runMeasured(process.execPath, [launcher, ...args], env);
}
