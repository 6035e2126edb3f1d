import type { PartitionWork } from '../core/platform.ts';
import { scrape } from '../core/scrape/scrape.ts';
import { withSqs } from '../runtime/aws.ts';
import { withFetchers } from '../runtime/aws-fetchers.ts';
import { partitionWorkSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { handlerOf, outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Stops by itself before the deadline; the state machine then calls again, and only what is missing is
 * fetched.
 */
export const scrapeStage: Stage<PartitionWork> = {
  name: 'scrape',
  parse: (event) => parseEvent(partitionWorkSchema, event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work, context) => scrape(platform, work, outOfTime(context)),
};

export const handler = handlerOf(scrapeStage, deployedPlatform('scrape', [withFetchers, withSqs]));
