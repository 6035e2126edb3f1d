import type { LakeProblem } from '../lake/lake-problem.ts';

export interface LakeFinding {
  /** `racing/gb/2025-11-17`; the key of a stray object. */
  readonly partition: string;
  readonly code: LakeProblem;
  /** One line: what is wrong, with the key. */
  readonly problem: string;
  /** One line, with the command where there is one. */
  readonly whatToDo: string;
}
