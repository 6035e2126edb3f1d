import { publishExtraction } from '../core/publish-extraction/publish-extraction.ts';
import { type ExtractionInput, extractionInputSchema } from './contracts.ts';
import { countsOf } from './observe.ts';
import { ExtractionObserver } from './observe-extraction.ts';
import type { OpenedExtractions } from './opened-extractions.ts';
import { outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Publishes what became of the pages of an extraction. Called twice at once, each partition belongs to one of
 * the two; what it does not come to before its time is over, the next one does.
 */
export function publishExtractionStage(opened: OpenedExtractions): Stage<ExtractionInput> {
  return {
    name: 'publish-extraction',
    parse: (event) => parseEvent(extractionInputSchema(), event),
    keys: () => ({}),
    run: async (platform, { extraction: name }, context, { logger }) => {
      logger.appendKeys({ extraction: name });
      const { tell } = new ExtractionObserver({ logger }, process.env.RESCRAPE_STAGE ?? '', name);
      const records = opened.of(platform, name).records({ tell });
      const { runId, partitions, isStopped } = await publishExtraction(platform, records, {
        mustStop: outOfTime(context),
      });
      const outcomes = partitions.map(({ outcome }) =>
        outcome.kind === 'published' ? outcome.result.status : outcome.kind,
      );
      const told = { partitions: partitions.length, results: countsOf(outcomes), isStopped };
      logger.info('published', { publication: runId, ...told });
      return { runId, ...told };
    },
  };
}
