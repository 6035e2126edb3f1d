import type { ExtractContext } from './extract-context.ts';
import { letGo } from './held-batch.ts';
import { RunMemory } from './run-memory.ts';
import type { ScanOptions } from './scan-now.ts';
import { runWave, type Wave } from './wave.ts';

export interface RunOptions extends ScanOptions {
  /** Pages that are sent at most. @default any number */
  readonly limit?: number;
  /** Looks at most. @default any number */
  readonly mostWaves?: number;
  /** Told after each wave. */
  onWave?(wave: Wave): void;
}

export interface RunEnd {
  /**
   * `finished`: nothing is runnable or in flight, as far as this run may send; `held`: pages wait until there
   * are enough for a job; `stuck`: batches wait for a person; `refused`: the provider will not take what is
   * sent; `delayed`: it could not be reached again and again; `waves`: after the most waves.
   */
  readonly kind: 'finished' | 'held' | 'stuck' | 'refused' | 'delayed' | 'waves';
  readonly waves: number;
  readonly sent: { readonly batches: number; readonly pages: number };
  /** Batches that are in flight yet. */
  readonly active: number;
  /** Pages that could not be uploaded, each with its reason: they come with the next run. */
  readonly leftOut: readonly { readonly page: string; readonly reason: string }[];
  readonly refused: string | undefined;
}

/** Waves in a row in which nothing could be submitted, with nothing else in flight. */
const MOST_DELAYED = 5;

/**
 * Looks again and again until nothing is runnable or in flight, or nothing more can be done. Interrupted by
 * the context's signal it throws its reason, and nobody waits for what it was at.
 */
export async function runExtraction(context: ExtractContext, options: RunOptions = {}): Promise<RunEnd> {
  try {
    return await goThroughWaves(context, options);
  } catch (error) {
    if (context.signal?.aborted) await letGo(context);
    throw error;
  }
}

async function goThroughWaves(context: ExtractContext, options: RunOptions): Promise<RunEnd> {
  const {
    limit = Number.POSITIVE_INFINITY,
    mostWaves = Number.POSITIVE_INFINITY,
    onWave,
    ...asked
  } = options;
  const memory = new RunMemory();
  const sent = { batches: 0, pages: 0 };
  let refused: string | undefined;
  let held = 0;
  let delayed = 0;
  for (let waves = 1; ; waves++) {
    const wave = await runWave(context, memory, {
      ...asked,
      mostPages: limit - sent.pages,
      submits: refused === undefined,
    });
    sent.batches += wave.sent.batches;
    sent.pages += wave.sent.pages;
    refused ??= wave.refused;
    if (wave.counts) held = wave.held;
    delayed = wave.isDelayed && wave.active === 0 ? delayed + 1 : 0;
    onWave?.(wave);
    const end = (kind: RunEnd['kind']): RunEnd => {
      return { kind, waves, sent, active: wave.active, leftOut: memory.leftOut(), refused };
    };
    if (wave.nextLookAt === null) {
      // Too few to be sure that it is not about the images, and all that there were.
      if (sent.pages === 0) refused ??= memory.lastRefusal;
      if (refused !== undefined) return end('refused');
      if (wave.stuck > 0) return end('stuck');
      return end(held > 0 ? 'held' : 'finished');
    }
    if (delayed >= MOST_DELAYED) return end('delayed');
    if (waves >= mostWaves) return end('waves');
    await context.clock.sleep(Math.max(0, wave.nextLookAt - context.clock.now()), context.signal);
  }
}
