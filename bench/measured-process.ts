import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonOf } from './python.ts';
import type { Usage } from './usage.ts';

export interface Measured {
  readonly stdout: string;
  /** Of the process and of all that it waited for: what a launcher takes is part of it. */
  readonly usage: Usage;
  /** From start to exit. */
  readonly wallMs: number;
}

const USAGE_OF_COMMAND = fileURLToPath(new URL('process-usage.py', import.meta.url));
const USAGE_PROBE = new URL('usage-probe.ts', import.meta.url);

/**
 * Runs a contender in a process of its own, from start to exit, and takes its usage as the kernel counts it
 * (wait4), which Node cannot ask for. Without Python each Node process of it tells its own instead, and pays
 * for telling. Rejects with what it printed where it fails.
 */
export async function runMeasured(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-usage-'));
  const python = pythonOf();
  try {
    const startedAt = performance.now();
    const stdout =
      python === undefined
        ? await printedBy(command, args, {
            ...{ NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${USAGE_PROBE}` },
            ...{ BENCH_USAGE: folder, ...env },
          })
        : await printedBy(python, [USAGE_OF_COMMAND, join(folder, 'usage.json'), command, ...args], env);
    return { stdout, usage: usageIn(folder), wallMs: performance.now() - startedAt };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The standard output of a command. Rejects with all that it printed where it fails. */
export async function printedBy(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return printed.stdout;
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}\n${printed.stdout}\n${printed.stderr}`);
}

function usageIn(folder: string): Usage {
  const usages = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Usage,
  );
  return {
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    peakBytes: Math.max(...usages.map(({ peakBytes }) => peakBytes)),
  };
}
