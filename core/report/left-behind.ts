import type { FailureSubject } from '../advice/subject.ts';
import type { RunSummary } from './run-summary.ts';

type LeftBehind = FailureSubject & { readonly kind: 'failed-items' };

/** The failed items of a run, as advice is asked about them. `worker`: who works the queue there. */
export function leftBehind({ run, failures }: RunSummary, worker: LeftBehind['worker']): LeftBehind {
  const { run_id, source, window_start: start, window_end: end } = run;
  const { states = {}, flagged = [] } = failures ?? {};
  return { kind: 'failed-items', runId: run_id, source, dates: { start, end }, states, flagged, worker };
}
