import type { PartitionWork } from '../core/platform.ts';
import { recordFailures } from '../core/scrape/scrape.ts';
import { withSqs } from '../runtime/aws.ts';
import { loadScraped } from '../sources/listed.ts';
import { partitionWorkSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** After a scrape whose retries are used up: what is there is finalized, what is missing becomes failures. */
export const recordFailuresStage: Stage<PartitionWork> = {
  name: 'record-failures',
  parse: (event) => parseEvent(partitionWorkSchema(), event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work) => recordFailures(platform, work),
};

export const handler = handlerOf(
  recordFailuresStage,
  deployedPlatform('record-failures', [withSqs], loadScraped),
);
