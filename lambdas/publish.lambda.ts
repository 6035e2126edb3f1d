import type { PartitionWork } from '../core/platform.ts';
import { publish } from '../core/publish/publish.ts';
import { openAwsPlatform, withGlue } from '../runtime/aws.ts';
import { ENV_CONTRACTS, partitionWorkSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Lays the finalized scrape over the current version and makes the result current. Called twice it answers
 * the same.
 */
export const publishStage: Stage<PartitionWork> = {
  name: 'publish',
  parse: (event) => parseEvent(partitionWorkSchema, event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work) => publish(platform, work),
};

const env = readEnv(ENV_CONTRACTS.publish, process.env);
export const handler = handlerOf(publishStage, (onEvent, sources) =>
  openAwsPlatform(
    { bucket: env.RESCRAPE_BUCKET, table: env.RESCRAPE_TABLE, database: env.RESCRAPE_DATABASE },
    [withGlue],
    { env: process.env, onEvent, sources },
  ),
);
