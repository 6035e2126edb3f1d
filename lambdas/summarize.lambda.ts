import { summarize } from '../core/run/summarize.ts';
import type { PlanAnswer } from '../core/workflow/workflow.ts';
import { openAwsPlatform } from '../runtime/aws.ts';
import { ENV_CONTRACTS, planAnswerSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Adds up the run from what publish answered for each partition. */
export const summarizeStage: Stage<PlanAnswer> = {
  name: 'summarize',
  parse: (event) => parseEvent(planAnswerSchema, event),
  keys: ({ runId, source }) => ({ runId, source }),
  run: (platform, planned) => summarize(platform, planned),
};

const env = readEnv(ENV_CONTRACTS.summarize, process.env);
export const handler = handlerOf(summarizeStage, (onEvent, sources) =>
  openAwsPlatform({ bucket: env.RESCRAPE_BUCKET, table: env.RESCRAPE_TABLE }, [], {
    env: process.env,
    onEvent,
    sources,
  }),
);
