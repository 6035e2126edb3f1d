import { scheduledRunId } from '../core/calendar/run-id.ts';
import { windowFor } from '../core/calendar/window.ts';
import { type Platform, sourceNamed } from '../core/platform.ts';
import { plan } from '../core/run/plan.ts';
import { windowDaysOf } from '../core/source/cadence.ts';
import { type RunInput, RunStore } from '../core/state/run-store.ts';
import { withSqs } from '../runtime/aws.ts';
import { askingPlatform } from './asking-platform.ts';
import { runInputSchema, scheduledRunSchema } from './contracts.ts';
import { handlerOf, parseEvent, type Stage } from './stage-handler.ts';

type PlanEvent = RunInput | { readonly source: string; readonly scheduledTime: string };

/**
 * Of a run that is named, or of one that a schedule asked for: then the time it was due says which run, and
 * which dates.
 */
export const planStage: Stage<PlanEvent> = {
  name: 'plan',
  parse: (event) => {
    const scheduled = typeof event === 'object' && event !== null && 'scheduledTime' in event;
    return parseEvent(scheduled ? scheduledRunSchema : runInputSchema, event) as PlanEvent;
  },
  keys: (event) => ({ source: event.source, ...('runId' in event && { runId: event.runId }) }),
  run: async (platform, event, _context, { logger }) => {
    const input = 'runId' in event ? event : await scheduledInput(platform, event);
    logger.appendKeys({ runId: input.runId });
    return plan(platform, input);
  },
};

async function scheduledInput(
  platform: Platform,
  { source: name, scheduledTime }: Exclude<PlanEvent, RunInput>,
): Promise<RunInput> {
  const source = sourceNamed(platform, name);
  const scheduledAt = Date.parse(scheduledTime);
  const runId = scheduledRunId(name, scheduledAt);
  // Called late, it finds what is there now; called again, it keeps the date that it was begun with.
  const isOfNow = source.cadence.kind === 'every';
  const begun = isOfNow ? await new RunStore(platform.state).get(name, runId) : undefined;
  if (begun) return begun.input;
  const now = isOfNow ? platform.clock.now() : scheduledAt;
  const window = windowFor({ now, timeZone: source.timeZone, windowDays: windowDaysOf(source.cadence) });
  return { runId, source: name, ...window, force: false };
}

export const handler = handlerOf(planStage, askingPlatform('plan', [withSqs]));
