import { dirname, join } from 'node:path';
import { playProcess } from './played-process.ts';

export interface EnrichTask {
  readonly directory: string;
  /** By how much its clock goes fast: as if it were started later. */
  readonly aheadMs: number;
  /** It dies in front of the nth write of any kind, those of the queues included. */
  readonly killAt?: number;
}

export interface Enriched {
  readonly writes: number;
  readonly messages: number;
}

/**
 * Works the enrichment queues in a process of its own. Rejects where it ends in any way but by itself, or
 * killed as it was told.
 */
export function playEnrichment(task: EnrichTask): Promise<Enriched | 'killed'> {
  const compileCache = join(dirname(task.directory), 'compile-cache');
  return playProcess(new URL('./enrich-main.ts', import.meta.url), task, { compileCache });
}
