import type { PartitionWork } from '../core/platform.ts';
import { scrape } from '../core/scrape/scrape.ts';
import { withSqs } from '../runtime/aws.ts';
import { withinTime } from '../runtime/within-time.ts';
import { loadScraped } from '../sources/listed.ts';
import { askingPlatform } from './asking-platform.ts';
import { partitionWorkSchema } from './contracts.ts';
import { handlerOf, parseEvent, type Stage, timeLeft } from './stage-handler.ts';

/**
 * Stops by itself before the deadline; the state machine then calls again, and only what is missing is
 * fetched.
 */
export const scrapeStage: Stage<PartitionWork> = {
  name: 'scrape',
  parse: (event) => parseEvent(partitionWorkSchema(), event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work, context) =>
    withinTime(platform, timeLeft(context), (within, mustStop) => scrape(within, work, mustStop)),
};

export const handler = handlerOf(scrapeStage, askingPlatform('scrape', [withSqs], loadScraped));
