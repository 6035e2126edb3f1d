import type * as z from 'zod';
import { openAwsPlatform, withGlue, withSqs } from '../runtime/aws.ts';
import { withFetchers } from '../runtime/aws-fetchers.ts';
import { ENV_CONTRACTS, readEnv, sqsEventSchema } from './contracts.ts';
import { retryBatch } from './retry-batch.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Tries each failed item of a batch once more; a message that stays in the queue is reported as failed, and
 * no other.
 */
export const retryItemsStage: Stage<z.infer<typeof sqsEventSchema>> = {
  name: 'retry-items',
  parse: (event) => parseEvent(sqsEventSchema, event),
  keys: () => ({}),
  run: retryBatch,
};

const env = readEnv(ENV_CONTRACTS['retry-items'], process.env);
export const handler = handlerOf(retryItemsStage, (onEvent, sources) =>
  openAwsPlatform(
    {
      bucket: env.RESCRAPE_BUCKET,
      table: env.RESCRAPE_TABLE,
      database: env.RESCRAPE_DATABASE,
      failedItems: {
        queueUrl: env.RESCRAPE_FAILED_ITEMS_QUEUE_URL,
        deadLettersUrl: env.RESCRAPE_FAILED_ITEMS_DLQ_URL,
      },
    },
    [withFetchers, withGlue, withSqs],
    { env: process.env, onEvent, sources },
  ),
);
