import { audit } from '../core/pipeline/audit.ts';
import type { PlanAnswer } from '../core/pipeline/workflow.ts';
import { openAwsPlatform } from '../runtime/aws.ts';
import { ENV_CONTRACTS, planAnswerSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Adds up the run from what publish answered for each partition. */
export const auditStage: Stage<PlanAnswer> = {
  name: 'audit',
  parse: (event) => parseEvent(planAnswerSchema, event),
  keys: ({ runId, source }) => ({ runId, source }),
  run: (platform, planned) => audit(platform, planned),
};

const env = readEnv(ENV_CONTRACTS.audit, process.env);
export const handler = handlerOf(auditStage, (onEvent) =>
  openAwsPlatform({ bucket: env.RESCRAPE_BUCKET, table: env.RESCRAPE_TABLE }, [], {
    env: process.env,
    onEvent,
  }),
);
