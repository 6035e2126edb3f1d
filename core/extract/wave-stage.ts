import * as z from 'zod';
import type { WaveAnswer } from '../workflow/batch-extraction.ts';
import type { ExtractContext } from './extract-context.ts';
import { changedPagePartitions } from './page-changes.ts';
import { RunMemory, runMemorySchema } from './run-memory.ts';
import { runWave, type Wave } from './wave.ts';

const names = z.array(z.string().min(1)).min(1).optional();
const year = z.int().min(0).max(9999).optional();

/**
 * The state of an execution, as each wave of it gets it: what was asked for, and beside it what the wave
 * before answered.
 */
export const waveInputSchema = z.object({
  /** `catalogs` */
  extraction: z.string().min(1),
  /** @default all books */
  filter: z.strictObject({ states: names, schools: names, yearStart: year, yearEnd: year }).optional(),
  /** True asks again for results of another model or prompt than the configured ones. */
  outdated: z.boolean().optional(),
  wave: z
    .object({ memory: runMemorySchema, waves: z.int().nonnegative(), isRefused: z.boolean() })
    .optional(),
});
export type WaveInput = z.infer<typeof waveInputSchema>;

/** One wave of an execution of `batch-extraction`, whose waves may each be another process. */
export async function waveStage(
  context: ExtractContext,
  { filter = {}, outdated = false, wave: before }: WaveInput,
): Promise<{ readonly answer: WaveAnswer; readonly wave: Wave }> {
  const memory = new RunMemory(before?.memory);
  const wasRefused = before?.isRefused ?? false;
  const { states, schools, ...years } = filter;
  const wave = await runWave(context, memory, {
    filter: { ...years, ...(states && { states }), ...(schools && { schools }) },
    isOutdatedAsked: outdated,
    submits: !wasRefused,
  });
  const { nextLookAt } = wave;
  // What a publication that died has left is among them.
  const marked = await changedPagePartitions(context.state, context.extraction.name).next();
  const waitMs = nextLookAt === null ? 0 : nextLookAt - context.clock.now();
  return {
    wave,
    answer: {
      memory: memory.toJSON(),
      waves: (before?.waves ?? 0) + 1,
      publishes: wave.sent.pages > 0 || !marked.done,
      isRefused: wasRefused || wave.refused !== undefined,
      goesOn: nextLookAt !== null,
      waitSeconds: Math.max(0, Math.ceil(waitMs / 1_000)),
    },
  };
}
