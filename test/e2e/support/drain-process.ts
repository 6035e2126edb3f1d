import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QueueDepth } from '../../../core/ports/work-queue.ts';

export interface DrainTask {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** By how much its clock goes fast: as if it were started later. */
  readonly aheadMs: number;
  /** It dies in front of the nth write of any kind, the queue's included. */
  readonly killAt?: number;
}

export interface Drained {
  readonly writes: readonly string[];
  /** What became of each message, in order. */
  readonly answers: readonly string[];
  readonly depth: QueueDepth;
}

const MAIN = fileURLToPath(new URL('./drain-main.ts', import.meta.url));

/** Drains the queue in a process of its own. Rejects where it ends in any way but by itself, or killed as it was told. */
export async function playDrain(task: DrainTask): Promise<Drained | 'killed'> {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
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
      if (signal === 'SIGKILL') resolve('killed');
      else if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`the drain ended with ${code ?? signal}: ${errors}`));
    });
  });
}
