import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printedBy } from './child.ts';
import type { BenchSite } from './demo-site.ts';
import type { Usage } from './usage.ts';

/** Pages on their way at once. */
export const CONCURRENCY = 16;

export interface Window {
  readonly start: string;
  readonly end: string;
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

export interface MeasuredRun extends Usage {
  readonly pages: number;
  readonly rows: number;
  /** From start to exit. */
  readonly wallMs: number;
}

/**
 * `rescrape run racing` over a window as a user gives it, politeness off. Throws where the run does not
 * finish.
 */
export async function measureRun(site: BenchSite, window: Window, directory: string): Promise<MeasuredRun> {
  const startedAt = performance.now();
  const { answer, usage } = await rescrape<RunAnswer>(site, window, directory, []);
  const wallMs = performance.now() - startedAt;
  const [{ kind, run, partitions }] = answer.items;
  if (kind !== 'finished') throw new Error(`the run from ${window.start} ${kind}`);
  const rows = partitions.reduce((sum, each) => sum + (each.rows ?? 0), 0);
  return { ...usage, pages: run.items_found, rows, wallMs };
}

/**
 * What the same command uses before it sends its first request: start of Node, imports, opening the lake and
 * the state.
 */
export async function measureStart(site: BenchSite, window: Window, directory: string): Promise<Usage> {
  return (await rescrape(site, window, directory, ['--dry-run'])).usage;
}

async function rescrape<Answer>(
  site: BenchSite,
  { start, end }: Window,
  directory: string,
  options: readonly string[],
): Promise<{ answer: Answer; usage: Usage }> {
  const args = ['run', 'racing', '--start', start, '--end', end, '--local', directory, '--json', ...options];
  const { stdout, usage } = await measureCommand(args, {
    RESCRAPE_RACING_URL: site.url,
    RESCRAPE_RACING_MIN_DELAY_MS: '0',
    RESCRAPE_RACING_CONCURRENCY: String(CONCURRENCY),
  });
  return { answer: JSON.parse(stdout) as Answer, usage };
}

/** A command as a user gives it, from its start to its exit. Throws where it fails. */
export async function measureCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string; readonly usage: Usage; readonly wallMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-usage-'));
  const startedAt = performance.now();
  try {
    const stdout = await printedBy('../bin/rescrape.js', args, {
      env: {
        // Reaches the process that the launcher starts as well.
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${new URL('usage-probe.ts', import.meta.url)}`,
        BENCH_USAGE: folder,
        ...env,
      },
    });
    return { stdout, usage: workingProcess(folder), wallMs: performance.now() - startedAt };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The launcher only waits; the process that does the work is the one that worked most. */
function workingProcess(folder: string): Usage {
  const usages = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Usage,
  );
  return usages.reduce((most, usage) => (usage.cpuMs > most.cpuMs ? usage : most));
}
