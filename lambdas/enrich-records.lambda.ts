import { withEnrichmentQueues } from '../runtime/aws.ts';
import { type SqsEvent, sqsEventSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { enrichBatch } from './enrich-batch.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Stores the records of a batch of one kind; which one, the name of its queue says. */
export const enrichRecordsStage: Stage<SqsEvent> = {
  name: 'enrich-records',
  parse: (event) => parseEvent(sqsEventSchema(), event),
  keys: () => ({}),
  run: (platform, event, _context, observer) => enrichBatch(platform, event, observer),
};

export const handler = handlerOf(
  enrichRecordsStage,
  deployedPlatform('enrich-records', [withEnrichmentQueues]),
);
