import { sourcesTogether } from '../../../core/source/define-source.ts';
import type { Source } from '../../../core/source/source.ts';
import { racing } from '../../../sources/racing/source.ts';
import { schedules } from '../../../sources/schedules/source.ts';
import { districts } from '../../sources-of-tests/districts.ts';

/** In place of `sources/index.ts`, in tests of commands about registered targets. */
export const sources: readonly Source[] = sourcesTogether([racing, districts, schedules]);

export function findSource(name: string): Source | undefined {
  return sources.find((source) => source.name === name);
}
