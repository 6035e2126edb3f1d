import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import { planKey } from '../lake/layout.ts';
import { StageError } from '../platform.ts';
import type { RunRecord } from '../state/run-store.ts';
import type { PlanAnswer } from '../workflow/workflow.ts';

/** True where another execution than the one that calls has begun the run. */
export function isOfAnother(run: RunRecord, execution: string | undefined): boolean {
  return execution !== undefined && run.execution !== null && run.execution !== execution;
}

/**
 * A schedule that fires twice has nothing to do the second time. Throws a StageError `BadInput` where the run
 * has failed: whoever starts it again is not to believe that it is done.
 */
export function begunByAnother({ input, status }: RunRecord): PlanAnswer {
  const { runId, source } = input;
  if (status === 'failed' || status === 'abandoned') {
    const next = stepsText(advise({ kind: 'failed-run', runId }));
    throw new StageError(
      'BadInput',
      `run ${runId} of ${source} has ended as ${status} in another execution; ${next}`,
    );
  }
  return { ...input, workList: { key: planKey(runId), lines: 0 }, alreadyBegun: true };
}
