import type { Context } from 'aws-lambda';
import type { Extraction } from '../core/extract/extraction.ts';
import { type WaveInput, waveInputSchema, waveStage } from '../core/extract/wave-stage.ts';
import { StageError } from '../core/platform.ts';
import type { ExtractionPlatform, OpenedExtraction } from '../runtime/aws-extraction.ts';
import { ExtractionObserver } from './observe-extraction.ts';
import { outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/** Opens an extraction of a deployment, once per container. */
export type OpenExtraction = (platform: ExtractionPlatform, extraction: Extraction) => OpenedExtraction;

/**
 * Milliseconds before the deadline at which no new piece of work is begun: the requests of a batch of a
 * thousand pages are written then, one image after the other, and submitted.
 */
const RESERVE_MS = 300_000;
/** Milliseconds before the deadline at which what is under way is ended: better than to be killed in it. */
const LAST_MS = 10_000;

/** One look at everything of an extraction, within the time of one call. */
export function extractWaveStage(extractions: readonly Extraction[], open: OpenExtraction): Stage<WaveInput> {
  const opened = new Map<string, OpenedExtraction>();
  return {
    name: 'extract-wave',
    parse: (event) => parseEvent(waveInputSchema, event),
    keys: () => ({}),
    run: async (platform, input, context, { logger }) => {
      const extraction = extractionNamed(extractions, input.extraction);
      logger.appendKeys({ extraction: extraction.name });
      const one = opened.get(extraction.name) ?? open(platform, extraction);
      opened.set(extraction.name, one);
      // Every function has it, and none starts without it (`contracts.ts`).
      const observer = new ExtractionObserver({ logger }, process.env.RESCRAPE_STAGE ?? '', extraction.name);
      const deadline = endingBefore(context);
      let oldestMs: number | undefined;
      try {
        const orchestrator = await one.orchestrator({
          tell: observer.tell,
          mustStop: outOfTime(context, RESERVE_MS),
          signal: deadline.signal,
        });
        const { answer, wave } = await waveStage(orchestrator, input);
        const [oldest] = await orchestrator.batches.active();
        if (oldest) oldestMs = platform.clock.now() - oldest.createdAt;
        const { nextLookAt, ...told } = wave;
        logger.info('wave', { ...told, waves: answer.waves, waitSeconds: answer.waitSeconds });
        return answer;
      } finally {
        deadline.clear();
        observer.end(oldestMs);
      }
    },
  };
}

/** Throws a StageError `BadInput` where there is none of that name. */
function extractionNamed(extractions: readonly Extraction[], name: string): Extraction {
  const extraction = extractions.find((each) => each.name === name);
  if (extraction) return extraction;
  const known = extractions.map((each) => each.name).join(', ');
  throw new StageError('BadInput', `there is no extraction ${JSON.stringify(name)}; there is: ${known}`);
}

/** A signal that ends what is under way shortly before the function is ended. */
function endingBefore(context: Context): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const end = () =>
    controller.abort(
      new StageError('Transient', 'the time of the function was over in the middle of a wave'),
    );
  const timer = setTimeout(end, Math.max(0, context.getRemainingTimeInMillis() - LAST_MS));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
