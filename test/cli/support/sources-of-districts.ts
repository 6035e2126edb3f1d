import type { Source } from '../../../core/source/source.ts';
import { racing } from '../../../sources/racing/source.ts';
import { schedules } from '../../../sources/schedules/source.ts';
import { districts } from '../../sources-of-tests/districts.ts';

/** In place of `sources/list.ts`, in tests of commands about registered targets. */
const LIST: readonly Source[] = [racing, districts, schedules];

export const SOURCE_NAMES: readonly string[] = LIST.map(({ name }) => name);

export async function loadSources(names: readonly string[] = SOURCE_NAMES): Promise<readonly Source[]> {
  return LIST.slice(0, 1 + Math.max(...names.map((name) => SOURCE_NAMES.indexOf(name))));
}
