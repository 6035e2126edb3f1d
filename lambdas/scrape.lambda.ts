import type { PartitionWork } from '../core/platform.ts';
import { scrape } from '../core/scrape/scrape.ts';
import { openAwsPlatform, withSqs } from '../runtime/aws.ts';
import { withFetchers } from '../runtime/aws-fetchers.ts';
import { ENV_CONTRACTS, partitionWorkSchema, readEnv } from './contracts.ts';
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

const env = readEnv(ENV_CONTRACTS.scrape, process.env);
export const handler = handlerOf(scrapeStage, (onEvent, sources) =>
  openAwsPlatform(
    {
      bucket: env.RESCRAPE_BUCKET,
      table: env.RESCRAPE_TABLE,
      failedItems: { queueUrl: env.RESCRAPE_FAILED_ITEMS_QUEUE_URL },
    },
    [withFetchers, withSqs],
    { env: process.env, onEvent, sources },
  ),
);
