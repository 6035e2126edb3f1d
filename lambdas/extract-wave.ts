import type { Context } from 'aws-lambda';
import { type WaveInput, waveInputSchema, waveStage } from '../core/extract/wave-stage.ts';
import { StageError } from '../core/platform.ts';
import { ExtractionObserver } from './observe-extraction.ts';
import type { OpenedExtractions } from './opened-extractions.ts';
import { outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Milliseconds before the deadline at which no new piece of work is begun: the requests of a batch of a
 * thousand pages are written then, one image after the other, and submitted.
 */
const RESERVE_MS = 300_000;
/** Milliseconds before the deadline at which what is under way is ended: better than to be killed in it. */
const LAST_MS = 10_000;

/** One look at everything of an extraction, within the time of one call. */
export function extractWaveStage(opened: OpenedExtractions): Stage<WaveInput> {
  return {
    name: 'extract-wave',
    parse: (event) => parseEvent(waveInputSchema, event),
    keys: () => ({}),
    run: async (platform, input, context, { logger }) => {
      const { extraction: name } = input;
      logger.appendKeys({ extraction: name });
      const extraction = opened.of(platform, name);
      // Every function has it, and none starts without it (`contracts.ts`).
      const observer = new ExtractionObserver({ logger }, process.env.RESCRAPE_STAGE ?? '', name);
      const deadline = endingBefore(context);
      let oldestMs: number | undefined;
      try {
        const orchestrator = await extraction.orchestrator({
          tell: observer.tell,
          mustStop: outOfTime(context, RESERVE_MS),
          signal: deadline.signal,
          process: `request ${context.awsRequestId} of ${context.functionName}`,
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
