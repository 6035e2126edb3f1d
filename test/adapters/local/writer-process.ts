import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a writer process does: see `writer-main.ts`. */
export type WriterTask = 'state' | 'increment' | 'swap' | 'race' | 'pack' | 'fill';

export interface WriterProcess {
  /** Lines that it prints, one a finished step. */
  readonly lines: AsyncIterator<string>;
  /** All the lines, once it has ended with exit code 0; rejects with its error output otherwise. */
  readonly exited: Promise<void>;
  kill(): void;
}

/** Starts another process on the same store. */
export function startWriter(task: WriterTask, target: string, ...more: string[]): WriterProcess {
  return startCommand([process.execPath, '--no-warnings', MAIN, task, target, ...more]);
}

/** The same for a process to which no file may become longer than some hundred kilobytes. */
export function startLimitedWriter(task: WriterTask, target: string): WriterProcess {
  const limited = ['sh', '-c', 'ulimit -f 512; exec "$0" "$@"'];
  return startCommand([...limited, process.execPath, '--no-warnings', MAIN, task, target]);
}

const MAIN = fileURLToPath(new URL('./writer-main.ts', import.meta.url));

function startCommand([command, ...words]: readonly string[]): WriterProcess {
  const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = new Promise<void>((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve();
      else reject(new Error(`the writer ended with ${code}: ${errors}`));
    });
  });
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    exited,
    kill: () => child.kill('SIGKILL'),
  };
}

/** Kills the writer without warning somewhere after `steps` lines; gives the last step that it reported. */
export async function killAfterProgress(writer: WriterProcess, steps: number): Promise<number> {
  let last = 0;
  for (let step = 0; step < steps; step++) last = Number((await writer.lines.next()).value);
  writer.kill();
  for (let line = await writer.lines.next(); !line.done; line = await writer.lines.next())
    last = Number(line.value);
  await writer.exited;
  return last;
}
