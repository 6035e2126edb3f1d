import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sameTime } from './test-time.ts';

export interface PlayOptions {
  /**
   * Half the time of a short process goes into compiling; the first one to end leaves that here for the
   * others.
   */
  readonly compileCache?: string;
  /** Megabytes after which V8 gives up. */
  readonly heap?: number;
  /** Told of the process at its start; whoever kills it uses SIGKILL. */
  readonly onStart?: (child: ChildProcess) => void;
}

/**
 * Plays one of the `*-main.ts` in a process of its own, which may kill itself. Gives what it said at its end;
 * rejects where it ended in any other way, with what it complained of.
 */
export function playProcess<Said>(
  main: URL,
  task: object,
  { compileCache, heap, onStart }: PlayOptions = {},
): Promise<Said | 'killed'> {
  const flags = ['--no-warnings', ...(heap === undefined ? [] : [`--max-old-space-size=${heap}`])];
  const child = spawn(process.execPath, [...flags, fileURLToPath(main), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...sameTime(),
      ...(compileCache !== undefined && { NODE_COMPILE_CACHE: compileCache }),
    },
  });
  onStart?.(child);
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
      else reject(new Error(`${fileURLToPath(main)} ended with ${code ?? signal}: ${errors}`));
    });
  });
}

/** In the process that is played: what it is to do. */
export function taskGiven<Task>(): Task {
  return JSON.parse(process.argv[2]!) as Task;
}

/** In the process that is played: what `playProcess` gives. The last thing that it does. */
export function say(said: object | number): void {
  console.log(JSON.stringify(said));
}

/**
 * In the process that is played: dies without warning. The signal is on its way, and nothing more happens
 * until it is here.
 */
export function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}
