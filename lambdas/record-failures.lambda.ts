import type { PartitionWork } from '../core/platform.ts';
import { recordFailures } from '../core/scrape/scrape.ts';
import { openAwsPlatform, withSqs } from '../runtime/aws.ts';
import { ENV_CONTRACTS, partitionWorkSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** After a scrape whose retries are used up: what is there is finalized, what is missing becomes failures. */
export const recordFailuresStage: Stage<PartitionWork> = {
  name: 'record-failures',
  parse: (event) => parseEvent(partitionWorkSchema, event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work) => recordFailures(platform, work),
};

const env = readEnv(ENV_CONTRACTS['record-failures'], process.env);
export const handler = handlerOf(recordFailuresStage, (onEvent, sources) =>
  openAwsPlatform(
    {
      bucket: env.RESCRAPE_BUCKET,
      table: env.RESCRAPE_TABLE,
      failedItems: { queueUrl: env.RESCRAPE_FAILED_ITEMS_QUEUE_URL },
    },
    [withSqs],
    { env: process.env, onEvent, sources },
  ),
);
