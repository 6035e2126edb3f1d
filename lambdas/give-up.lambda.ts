import type { PartitionWork } from '../core/pipeline/platform.ts';
import { giveUp } from '../core/pipeline/scrape.ts';
import { openAwsPlatform, withSqs } from '../runtime/aws.ts';
import { ENV_CONTRACTS, partitionWorkSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** After a scrape whose retries are used up: what is there is sealed, what is missing becomes failures. */
export const giveUpStage: Stage<PartitionWork> = {
  name: 'give-up',
  parse: (event) => parseEvent(partitionWorkSchema, event),
  keys: ({ runId, source, target, date }) => ({ runId, source, partition: `${target}/${date}` }),
  run: (platform, work) => giveUp(platform, work),
};

const env = readEnv(ENV_CONTRACTS['give-up'], process.env);
export const handler = handlerOf(giveUpStage, (onEvent) =>
  openAwsPlatform(
    {
      bucket: env.RESCRAPE_BUCKET,
      table: env.RESCRAPE_TABLE,
      failedItems: { queueUrl: env.RESCRAPE_FAILED_ITEMS_QUEUE_URL },
    },
    [withSqs],
    { env: process.env, onEvent },
  ),
);
