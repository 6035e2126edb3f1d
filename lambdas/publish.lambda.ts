import type { PartitionWork } from '../core/platform.ts';
import { publish } from '../core/publish/publish.ts';
import { withGlue } from '../runtime/aws.ts';
import { loadScraped } from '../sources/listed.ts';
import { partitionWorkSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/**
 * Lays the finalized scrape over the current version and makes the result current. Called twice it answers
 * the same.
 */
export const publishStage: Stage<PartitionWork> = {
  name: 'publish',
  parse: (event) => parseEvent(partitionWorkSchema(), event),
  keys: ({ runId, source, value, date }) => ({ runId, source, partition: `${value}/${date}` }),
  run: (platform, work) => publish(platform, work),
};

export const handler = handlerOf(publishStage, deployedPlatform('publish', [withGlue], loadScraped));
