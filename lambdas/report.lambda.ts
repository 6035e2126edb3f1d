import { report } from '../core/run/report.ts';
import type { PlanAnswer } from '../core/workflow/workflow.ts';
import { withSns } from '../runtime/aws.ts';
import { planAnswerSchema } from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

/** Writes the report of the run, tells people where it did not go well, and ends the run. */
export const reportStage: Stage<PlanAnswer> = {
  name: 'report',
  parse: (event) => parseEvent(planAnswerSchema, event),
  keys: ({ runId, source }) => ({ runId, source }),
  run: (platform, planned) => report(platform, planned),
};

export const handler = handlerOf(reportStage, deployedPlatform('report', [withSns]));
