import { dirname, join } from 'node:path';
import type { QueueDepth } from '../../../core/ports/work-queue.ts';
import { playProcess } from './played-process.ts';

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

/**
 * Drains the queue in a process of its own. Rejects where it ends in any way but by itself, or killed as it
 * was told.
 */
export function playDrain(task: DrainTask): Promise<Drained | 'killed'> {
  const compileCache = join(dirname(task.directory), 'compile-cache');
  return playProcess(new URL('./drain-main.ts', import.meta.url), task, { compileCache });
}
