import { COMMAND_ADVICE } from './command-steps.ts';
import { DECISION_ADVICE } from './decision-steps.ts';
import { EXTRACT_ADVICE } from './extract-steps.ts';
import { FAILURE_ADVICE } from './failure-steps.ts';
import { LAKE_ADVICE } from './lake-steps.ts';
import { OUTCOME_ADVICE } from './outcome-steps.ts';
import { PARTITION_ADVICE } from './partition-steps.ts';
import { RECORD_ADVICE } from './record-steps.ts';
import type { Step } from './step.ts';
import type { Advice, Subject } from './subject.ts';
import { TARGET_ADVICE } from './target-steps.ts';

const ADVICE: Advice<Subject> = {
  ...PARTITION_ADVICE,
  ...DECISION_ADVICE,
  ...FAILURE_ADVICE,
  ...OUTCOME_ADVICE,
  ...LAKE_ADVICE,
  ...TARGET_ADVICE,
  ...RECORD_ADVICE,
  ...EXTRACT_ADVICE,
  ...COMMAND_ADVICE,
};

/**
 * What a person can do now about what they are looking at, in this order; nothing where all is well. The one
 * place that answers it: `render.ts` writes the steps down for a terminal and for a report.
 */
export function advise(subject: Subject): readonly Step[] {
  // The table has an entry of the subject's own kind: what TypeScript cannot see across a union.
  return (ADVICE[subject.kind] as (subject: Subject) => readonly Step[])(subject);
}
