import { sameButForCase } from './identifier.ts';
import type { Source } from './source.ts';

/** A source that cannot be run, and why not, in one line. */
export interface InvalidSource {
  readonly name: string;
  readonly problem: string;
}

/** A source as it stands in the list: one with a `problem` is never run. */
export type ListedSource = Source | InvalidSource;

export interface SourcesTogether {
  readonly sources: readonly Source[];
  readonly invalidSources: readonly InvalidSource[];
}

/** Characters of an error that are told of a source that cannot be loaded. */
const MAX_MESSAGE = 300;

/**
 * What the list holds under this name. A module that throws while it is loaded, or gives something else than
 * a source, is an invalid source: the others are loaded all the same.
 */
export async function loadSource(name: string, load: () => Promise<Source>): Promise<ListedSource> {
  try {
    const source: Source | undefined = await load();
    if (typeof source?.name !== 'string') return invalid(name, 'its module gives no source');
    if (source.name === name) return source;
    return invalid(name, `its definition calls it ${JSON.stringify(source.name)}`);
  } catch (thrown) {
    const text = (thrown instanceof Error ? thrown.message : String(thrown)).replaceAll(/\s+/g, ' ').trim();
    return invalid(name, `its module cannot be loaded: ${text.slice(0, MAX_MESSAGE)}`);
  }
}

/**
 * Those that can be run, and those that cannot. Of two with one name, or one table, letter case aside, the
 * later one is invalid: it would write over the other.
 */
export function sourcesTogether(listed: readonly ListedSource[]): SourcesTogether {
  const sources: Source[] = [];
  const invalidSources: InvalidSource[] = [];
  for (const source of listed) {
    const problem = isValid(source) ? clashOf(source, sources) : source.problem;
    if (problem === undefined) sources.push(source as Source);
    else invalidSources.push({ name: source.name, problem });
  }
  return { sources, invalidSources };
}

function isValid(source: ListedSource): source is Source {
  return source.problem === undefined;
}

function clashOf({ name, table }: Source, before: readonly Source[]): string | undefined {
  const namesake = before.find((other) => sameButForCase([other.name, name]));
  if (namesake) return problemOf(name, `another source is called ${namesake.name}`);
  const neighbour = before.find((other) => sameButForCase([other.table.name, table.name]));
  if (!neighbour) return undefined;
  return problemOf(name, `table.name: source ${neighbour.name} writes to the table ${neighbour.table.name}`);
}

function invalid(name: string, what: string): InvalidSource {
  return { name, problem: problemOf(name, what) };
}

/** The one line that says what is wrong with a source. */
export function problemOf(name: string, what: string): string {
  return `source ${JSON.stringify(name)} is not valid: ${what}`;
}
