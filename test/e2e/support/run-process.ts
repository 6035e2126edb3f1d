import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a child process is to do. */
export interface RunTask {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly request: { readonly start: string; readonly end: string; readonly targets?: readonly string[] };
  /**
   * `before`: dies in front of the nth write of any kind, and so behind the one before it. `during`: dies in the midst of
   * the nth durable one, its bytes on their way to the disk.
   */
  readonly kill?: { readonly phase: 'before' | 'during'; readonly at: number };
}

export type RunExit =
  | { readonly kind: 'killed' }
  | {
      readonly kind: 'ended';
      readonly run: {
        readonly kind: string;
        readonly runId: string;
        readonly writes: readonly string[];
        readonly durable: number;
      };
    };

const MAIN = fileURLToPath(new URL('./run-main.ts', import.meta.url));

/** Plays a run in a process of its own. Rejects where the process ends in any way but the two. */
export async function playRun(task: RunTask): Promise<RunExit> {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Half the time of a short process goes into compiling; the first one to end leaves it for the others.
    env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(task.directory), 'compile-cache') },
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve({ kind: 'killed' });
      else if (code === 0) resolve({ kind: 'ended', run: JSON.parse(output) });
      else reject(new Error(`the run ended with ${code ?? signal}: ${errors}`));
    });
  });
}
