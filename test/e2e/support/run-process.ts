import { dirname, join } from 'node:path';
import { playProcess } from './played-process.ts';

/** What a child process is to do. */
export interface RunTask {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly request: {
    readonly start: string;
    readonly end: string;
    readonly targets?: readonly string[];
    readonly force?: boolean;
  };
  /** What happens to the process when its parser reads one of these items: `index`, or the id of a race. */
  readonly fatal?: { readonly items: readonly string[]; readonly by: 'abort' | 'heap' };
  /** Megabytes. */
  readonly heap?: number;
  /**
   * `before`: dies in front of the nth write of any kind, and so behind the one before it. `during`: dies in
   * the midst of the nth durable one, its bytes on their way to the disk.
   */
  readonly kill?: { readonly phase: 'before' | 'during'; readonly at: number };
}

/** How a run ended that nobody killed. */
export interface RunPlayed {
  readonly kind: string;
  readonly runId: string;
  readonly writes: readonly string[];
  readonly durable: number;
}

/**
 * Plays a run in a process of its own. Rejects where the process ends in any way but by itself, or killed as
 * it was told.
 */
export function playRun(task: RunTask): Promise<RunPlayed | 'killed'> {
  const compileCache = join(dirname(task.directory), 'compile-cache');
  return playProcess(new URL('./run-main.ts', import.meta.url), task, {
    compileCache,
    ...(task.heap !== undefined && { heap: task.heap }),
  });
}
