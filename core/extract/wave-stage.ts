import * as z from 'zod';
import type { WaveAnswer } from '../workflow/batch-extraction.ts';
import type { ExtractContext } from './extract-context.ts';
import { changedPagePartitions } from './page-changes.ts';
import { RunMemory, runMemorySchema } from './run-memory.ts';
import { runWave, type Wave } from './wave.ts';

const names = z.array(z.string().min(1)).min(1).optional();
const year = z.int().min(0).max(9999).optional();

const count = z.int().nonnegative();

/** What an execution has come to so far: whoever follows it ends as a run on one machine does. */
export const waveProgressSchema = z.object({
  sent: z.object({ batches: count, pages: count }),
  /** Pages that wait until there are enough for a job. */
  held: count,
  /** Batches that only a person can help. */
  stuck: count,
  /** Why the provider takes nothing more; null where it does. */
  refused: z.string().nullable(),
  /** Nothing is in flight, and the last wave could not reach the provider. */
  isDelayed: z.boolean(),
});
export type WaveProgress = Readonly<z.infer<typeof waveProgressSchema>>;

const NO_PROGRESS: WaveProgress = {
  ...{ sent: { batches: 0, pages: 0 }, held: 0, stuck: 0 },
  ...{ refused: null, isDelayed: false },
};
/** Characters of a refusal that are handed on. */
const REFUSAL_LENGTH = 1_000;

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
  /** Pages that the execution sends at most. @default any number */
  limit: count.optional(),
  wave: z
    .object({
      memory: runMemorySchema,
      waves: count,
      isRefused: z.boolean(),
      /** Not there where the wave before was of an earlier version. */
      progress: waveProgressSchema.default(NO_PROGRESS),
    })
    .optional(),
});
export type WaveInput = z.infer<typeof waveInputSchema>;

/** One wave of an execution of `batch-extraction`, whose waves may each be another process. */
export async function waveStage(
  context: ExtractContext,
  { filter = {}, outdated = false, limit, wave: before }: WaveInput,
): Promise<{ readonly answer: WaveAnswer; readonly wave: Wave }> {
  const memory = new RunMemory(before?.memory);
  const wasRefused = before?.isRefused ?? false;
  const progress = before?.progress ?? NO_PROGRESS;
  const { states, schools, ...years } = filter;
  const wave = await runWave(context, memory, {
    filter: { ...years, ...(states && { states }), ...(schools && { schools }) },
    isOutdatedAsked: outdated,
    submits: !wasRefused,
    ...(limit !== undefined && { mostPages: limit - progress.sent.pages }),
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
      progress: progressAfter(wave, progress, memory),
      goesOn: nextLookAt !== null,
      waitSeconds: Math.max(0, Math.ceil(waitMs / 1_000)),
    },
  };
}

function progressAfter(wave: Wave, { sent, held, refused }: WaveProgress, memory: RunMemory): WaveProgress {
  const pages = sent.pages + wave.sent.pages;
  // Too few to be sure that it is not about the images, and all that there were.
  const asWhole = wave.nextLookAt === null && pages === 0 ? memory.lastRefusal : undefined;
  return {
    sent: { batches: sent.batches + wave.sent.batches, pages },
    held: wave.counts ? wave.held : held,
    stuck: wave.stuck,
    refused: refused ?? (wave.refused ?? asWhole)?.slice(0, REFUSAL_LENGTH) ?? null,
    isDelayed: wave.isDelayed && wave.active === 0,
  };
}
