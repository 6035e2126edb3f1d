import { plan } from '../core/run/plan.ts';
import { withExecutions, withSqs } from '../runtime/aws.ts';
import { askingPlatform } from './asking-platform.ts';
import {
  type CalledByExecution,
  isScheduled,
  parseCall,
  runInputSchema,
  scheduledRunSchema,
} from './contracts.ts';
import { type RunEvent, runInputOf } from './run-input.ts';
import { handlerOf, outOfTime, parseEvent, type Stage } from './stage-handler.ts';

/** Milliseconds: a request that the fetcher ends after 60 s, and the work list. */
const RESERVE_MS = 75_000;

export const planStage: Stage<CalledByExecution<RunEvent>> = {
  name: 'plan',
  parse: (event) =>
    parseCall(event, (input) =>
      parseEvent(isScheduled(input) ? scheduledRunSchema() : runInputSchema(), input),
    ),
  keys: ({ input }) => ({ source: input.source, ...('runId' in input && { runId: input.runId }) }),
  run: async (platform, { input: event, execution }, context, { logger }) => {
    const input = await runInputOf(platform, event);
    logger.appendKeys({ runId: input.runId });
    return plan(platform, input, { execution, mustStop: outOfTime(context, RESERVE_MS) });
  },
};

export const handler = handlerOf(planStage, askingPlatform('plan', [withSqs, withExecutions]));
