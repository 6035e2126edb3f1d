import type { Source } from '../../../core/source/source.ts';
import { sourcesTogether } from '../../../core/source/sources-together.ts';
import { racing } from '../../../sources/racing/source.ts';
import { schedules } from '../../../sources/schedules/source.ts';
import { districts } from '../../sources-of-tests/districts.ts';

/** In place of `sources/index.ts`, in tests of commands about registered targets. */
export const listedSources: readonly Source[] = [racing, districts, schedules];
export const { sources, invalidSources } = sourcesTogether(listedSources);

export function findSource(name: string): Source | undefined {
  return sources.find((source) => source.name === name);
}
