import { sourcesTogether } from '../core/source/define-source.ts';
import type { Source } from '../core/source/source.ts';
import { menus } from './menus/source.ts';
import { racing } from './racing/source.ts';
import { schedules } from './schedules/source.ts';

/** Every source there is. A new one is added here and nowhere else. */
export const sources: readonly Source[] = sourcesTogether([racing, schedules, menus]);

/** The source of that name; undefined where there is none. */
export function findSource(name: string): Source | undefined {
  return sources.find((source) => source.name === name);
}
