import type { Source } from '../core/source/source.ts';
import { type ListedSource, loadSource } from '../core/source/sources-together.ts';

/**
 * Every source there is, under its name. A new one is added here and nowhere else. Each is loaded by itself,
 * so that a module that throws stops no other.
 */
const LIST: Readonly<Record<string, () => Promise<Source>>> = {
  racing: async () => (await import('./racing/source.ts')).racing,
  schedules: async () => (await import('./schedules/source.ts')).schedules,
  menus: async () => (await import('./menus/source.ts')).menus,
  tutoring: async () => (await import('./tutoring/source.ts')).tutoring,
};

export const SOURCE_NAMES: readonly string[] = Object.keys(LIST);

/**
 * All of them, in the order of the list; those that cannot be run have a `problem`. `names`: only those, and
 * all before them. Whether a source can be run depends on the ones before it, and on none behind it
 * (`sourcesTogether`).
 */
export function loadSources(names: readonly string[] = SOURCE_NAMES): Promise<readonly ListedSource[]> {
  const last = Math.max(...names.map((name) => SOURCE_NAMES.indexOf(name)));
  const needed = Object.entries(LIST).slice(0, last + 1);
  return Promise.all(needed.map(([name, load]) => loadSource(name, load)));
}
