import { report } from '../core/run/report.ts';
import type { PlanAnswer } from '../core/workflow/workflow.ts';
import { openAwsPlatform, withSns } from '../runtime/aws.ts';
import { ENV_CONTRACTS, planAnswerSchema, readEnv } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Writes the report of the run, tells people where it did not go well, and ends the run. */
export const reportStage: Stage<PlanAnswer> = {
  name: 'report',
  parse: (event) => parseEvent(planAnswerSchema, event),
  keys: ({ runId, source }) => ({ runId, source }),
  run: (platform, planned) => report(platform, planned),
};

const env = readEnv(ENV_CONTRACTS.report, process.env);
export const handler = handlerOf(reportStage, (onEvent, sources) =>
  openAwsPlatform(
    { bucket: env.RESCRAPE_BUCKET, table: env.RESCRAPE_TABLE, topicArn: env.RESCRAPE_TOPIC_ARN },
    [withSns],
    { env: process.env, onEvent, sources },
  ),
);
