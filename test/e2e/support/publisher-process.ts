import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a publisher does: so many editions of these notes, each note with so many lines. */
export interface PublisherTask {
  readonly directory: string;
  readonly notes: readonly ('x' | 'y')[];
  readonly editions: number;
  readonly lines: number;
}

const MAIN = fileURLToPath(new URL('./publisher-main.ts', import.meta.url));

/** Starts another process on the same lake; gives the number of its commits once it has ended. */
export function startPublisher(task: PublisherTask): Promise<number> {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(Number(output)) : reject(new Error(`the publisher ended with ${code}`)),
    );
  });
}
