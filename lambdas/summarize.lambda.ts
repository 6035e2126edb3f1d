import { summarize } from '../core/run/summarize.ts';
import type { PlanAnswer } from '../core/workflow/workflow.ts';
import { withGlue } from '../runtime/aws.ts';
import { loadScraped } from '../sources/listed.ts';
import { planAnswerSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Adds up the run from what publish answered for each partition, and sees to what query engines need. */
export const summarizeStage: Stage<PlanAnswer> = {
  name: 'summarize',
  parse: (event) => parseEvent(planAnswerSchema(), event),
  keys: ({ runId, source }) => ({ runId, source }),
  run: (platform, planned) => summarize(platform, planned),
};

export const handler = handlerOf(summarizeStage, deployedPlatform('summarize', [withGlue], loadScraped));
