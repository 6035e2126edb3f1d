import { advise } from '../core/advice/advise.ts';
import { type Step, stepsAt } from '../core/advice/step.ts';
import type { Subject } from '../core/advice/subject.ts';
import type { GlobalOptions } from './context.ts';

/** Where the command works, as it was typed: `--stack NAME`, `--local DIRECTORY`, or nothing. */
export type Place = GlobalOptions['place'];

/** What a person can do, with commands about the place where this one works. */
export function adviseAt(place: Place, subject: Subject): Step[] {
  return stepsAt(place, advise(subject));
}
