import { scheduledRunId } from '../core/calendar/run-id.ts';
import { windowFor } from '../core/calendar/window.ts';
import { type Platform, sourceNamed } from '../core/platform.ts';
import { windowDaysOf } from '../core/source/cadence.ts';
import { type RunInput, RunStore } from '../core/state/run-store.ts';

/** What an execution is started with: a run that is named, or one that a schedule asked for. */
export type RunEvent = RunInput | ScheduledRun;
type ScheduledRun = { readonly source: string; readonly scheduledTime: string };

/** Of a schedule the time that it was due says which run, and which dates. */
export async function runInputOf(platform: Platform, event: RunEvent): Promise<RunInput> {
  return 'runId' in event ? event : scheduledInput(platform, event);
}

async function scheduledInput(
  platform: Platform,
  { source: name, scheduledTime }: ScheduledRun,
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
