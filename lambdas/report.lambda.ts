import { report } from '../core/run/report.ts';
import type { Problem } from '../core/workflow/problem.ts';
import { withSns } from '../runtime/aws.ts';
import {
  type CalledByExecution,
  failedRunSchema,
  isScheduled,
  parseCall,
  reportedRunSchema,
} from './contracts.ts';
import { deployedPlatform } from './deployed-platform.ts';
import { type RunEvent, runInputOf } from './run-input.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

type Reported = RunEvent & { readonly problem?: Problem };

/** Writes the report of the run, tells people where it did not go well, and ends the run. */
export const reportStage: Stage<CalledByExecution<Reported>> = {
  name: 'report',
  // Where plan failed, it gets what plan got.
  parse: (event) =>
    parseCall(event, (input) =>
      parseEvent(isScheduled(input) ? failedRunSchema() : reportedRunSchema(), input),
    ),
  keys: ({ input }) => ({ source: input.source, ...('runId' in input && { runId: input.runId }) }),
  run: async (platform, { input: { problem, ...event }, execution }) => {
    const input = await runInputOf(platform, event as RunEvent);
    return report(platform, { ...input, ...(problem && { problem }) }, execution);
  },
};

export const handler = handlerOf(reportStage, deployedPlatform('report', [withSns]));
