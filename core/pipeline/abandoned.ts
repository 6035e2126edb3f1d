import { planKey } from '../lake/layout.ts';
import { civilDate } from '../window/civil-date.ts';
import { clearCheckpoints, readPlan } from './plan.ts';
import { type Platform, sourceNamed } from './platform.ts';
import { RunRegister } from './run-register.ts';
import { isSealed, seal } from './seal.ts';

/**
 * Ends the runs of a source that were interrupted and will not be taken up again: their attempts, captures and failures go
 * on record, as "every attempt" promises, and what they had not published is left to the run that follows.
 * The caller must know that none of them is still alive.
 */
export async function closeAbandoned(platform: Platform, sourceName: string, except: string): Promise<void> {
  const source = sourceNamed(platform, sourceName);
  const runs = new RunRegister(platform.state);
  for await (const { input, status } of runs.list(sourceName)) {
    const { runId } = input;
    if (status !== 'running' || runId === except) continue;
    if (await platform.lake.head(planKey(runId))) {
      for await (const { target, date } of readPlan(platform, planKey(runId))) {
        const context = { platform, source, runId, partition: { target, date: civilDate(date) } };
        if (!(await isSealed(context))) await seal(context);
      }
    }
    await runs.finish(sourceName, runId, { status: 'abandoned', at: platform.clock.now() });
    await clearCheckpoints(platform, sourceName, runId);
  }
}
