import { withGlue, withSqs } from '../runtime/aws.ts';
import { loadScraped } from '../sources/listed.ts';
import { askingPlatform } from './asking-platform.ts';
import { type SqsEvent, sqsEventSchema } from './contracts.ts';
import { retryBatch } from './retry-batch.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Tries each failed item of a batch once more; a message that stays in the queue is reported as failed, and
 * no other.
 */
export const retryItemsStage: Stage<SqsEvent> = {
  name: 'retry-items',
  parse: (event) => parseEvent(sqsEventSchema(), event),
  keys: () => ({}),
  run: retryBatch,
};

export const handler = handlerOf(
  retryItemsStage,
  askingPlatform('retry-items', [withGlue, withSqs], loadScraped),
);
