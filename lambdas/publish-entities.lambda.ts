import { longestParkedAt } from '../core/enrich/parked-records.ts';
import { publishEnriched } from '../core/publish-entities/publish-enriched.ts';
import { withEnrichmentQueues, withGlue } from '../runtime/aws.ts';
import { type ScheduledPublication, scheduledPublicationSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { countsOf } from './observe.ts';
import { handlerOf, outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Declares dead what was parked for too long, sends on what scraped partitions have, and publishes the
 * entities that changed. Called twice at once, each partition belongs to one of the two; what it does not
 * come to before its time is over, the next one does.
 */
export const publishEntitiesStage: Stage<ScheduledPublication> = {
  name: 'publish-entities',
  parse: (event) => parseEvent(scheduledPublicationSchema(), event),
  keys: () => ({}),
  run: async (platform, _event, context, observer) => {
    const mustStop = outOfTime(context);
    const { runId, partitions, ...counts } = await publishEnriched(platform, { mustStop });
    const outcomes = partitions.map(({ outcome }) =>
      outcome.kind === 'claimed' ? outcome.kind : outcome.result.status,
    );
    const results = countsOf(outcomes);
    const parkedAt = await longestParkedAt(platform.state);
    const waited = parkedAt === undefined ? 0 : platform.clock.now() - parkedAt;
    observer.longestParked(Math.max(0, Math.round(waited / 1000)));
    observer.logger.info('published', {
      publication: runId,
      partitions: partitions.length,
      results,
      ...counts,
    });
    return { runId, partitions: partitions.length, results, ...counts };
  },
};

export const handler = handlerOf(
  publishEntitiesStage,
  deployedPlatform('publish-entities', [withGlue, withEnrichmentQueues]),
);
