import type { Step } from '../advice/step.ts';
import type { LakeProblem } from '../lake/lake-problem.ts';

export interface LakeFinding {
  /** `racing/gb/2025-11-17`; the key of a stray object. */
  readonly partition: string;
  readonly code: LakeProblem;
  /** One line: what is wrong, with the key. */
  readonly problem: string;
  /** What mends it; of several steps one is enough. */
  readonly next: readonly Step[];
}
