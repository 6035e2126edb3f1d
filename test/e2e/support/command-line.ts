import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sameTime } from './test-time.ts';

const BIN = fileURLToPath(new URL('../../../bin/rescrape.js', import.meta.url));

export interface CommandEnd {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnd>;
}

/**
 * Types `rescrape …` as a user would. Of the tests' own variables nothing but `env` reaches it, and their
 * time, which a deployed stack does not know. `detached`: in a process group of its own, as a terminal has
 * it. `bin`: of another tree.
 */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  { detached = false, bin = BIN }: { readonly detached?: boolean; readonly bin?: string } = {},
): StartedCommand {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(RESCRAPE|VITEST|NODE_OPTIONS)/.test(name)),
  );
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    detached,
    // Half the time of a short command goes into compiling.
    env: {
      ...inherited,
      NODE_COMPILE_CACHE: join(cwd, '..', 'compile-cache'),
      ...(!args.includes('--stack') && sameTime()),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** The one line that says what is wrong; undefined where there is none, or more than one, or a stack. */
export function complaintOf({ stderr }: CommandEnd): string | undefined {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const complaints = lines.filter((line) => line.startsWith('rescrape: '));
  const isLast = lines.at(-1) === complaints[0];
  return complaints.length === 1 && isLast && !/^\s+at /m.test(stderr) ? complaints[0] : undefined;
}
