import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownSettingNames } from '../core/source/own-settings.ts';
import { SettingError } from './setting-error.ts';
import {
  EXTRACT_SETTINGS,
  type NamedExtraction,
  type NamedSource,
  nearest,
  SOURCE_SETTINGS,
  variableOf,
} from './setting-names.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The optional file of settings, in the directory that a command is called in. */
export const CONFIG_FILE = 'rescrape.config.json';

export function hasConfigFile(directory: string): boolean {
  return existsSync(join(directory, CONFIG_FILE));
}

/**
 * The settings of that file, under the names of the variables that say the same: `{ "sources": { "racing": {
 * "url": "…" } }, "extract": { "catalogs": { "model": "…" } } }`. Empty where there is no file. Throws a
 * SettingError that names the file and the place in it.
 */
export async function readConfigFile(
  directory: string,
  sources: readonly NamedSource[],
  extractions: readonly NamedExtraction[] = [],
): Promise<Environment> {
  const text = textOf(join(directory, CONFIG_FILE));
  if (text === undefined) return {};
  const { configSchema } = await import('./config-schema.ts');
  const parsed = configSchema(sources, extractions).safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const place = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.');
    const { what, names } = namesAt(issue?.path ?? [], sources, extractions);
    const problem =
      unknown === undefined
        ? issue?.message
        : `there is no such ${what}; did you mean ${nearest(unknown, names)}?`;
    throw new SettingError(`${CONFIG_FILE}${place === '' ? '' : `, ${place}`}: ${problem}`);
  }
  const names = sources.map(({ name }) => name);
  const variables: Record<string, string> = {};
  for (const [source, settings] of Object.entries(parsed.data.sources)) {
    if (!names.includes(source))
      throw new SettingError(
        `${CONFIG_FILE}, sources.${source}: there is no such source; did you mean ${nearest(source, names)}?`,
      );
    Object.assign(variables, variablesIn(source, settings ?? {}));
  }
  for (const [extraction, settings] of Object.entries(parsed.data.extract))
    Object.assign(variables, variablesIn(extraction, settings ?? {}));
  return variables;
}

function variablesIn(of: string, settings: Readonly<Record<string, unknown>>): Environment {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => [
      variableOf(of, name),
      typeof value === 'boolean' ? String(Number(value)) : String(value),
    ]),
  );
}

/** What may be named at that place of the file. */
function namesAt(
  [part, name]: readonly PropertyKey[],
  sources: readonly NamedSource[],
  extractions: readonly NamedExtraction[],
): { readonly what: string; readonly names: readonly string[] } {
  if (part === undefined) return { what: 'setting', names: ['sources', 'extract'] };
  if (part === 'sources') return { what: 'setting', names: settingsOfSource(sources, name) };
  if (name === undefined) return { what: 'extraction', names: extractions.map((each) => each.name) };
  return { what: 'setting', names: EXTRACT_SETTINGS.map((setting) => setting.toLowerCase()) };
}

/** What the file may say of one source. */
function settingsOfSource(sources: readonly NamedSource[], name: unknown): string[] {
  const source = sources.find((candidate) => candidate.name === name);
  return [
    ...SOURCE_SETTINGS.map((setting) => setting.toLowerCase()),
    ...(source ? ownSettingNames(source) : []),
  ];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SettingError(`cannot read ${CONFIG_FILE}: ${(error as Error).message}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Node quotes what stands around the place, which may be a password.
    const where = (error as Error).message.replace(/, (?:\.\.\.)?".*$/s, '');
    throw new SettingError(`${CONFIG_FILE} is no JSON: ${where}`);
  }
}

/** The environment over the file: a variable that is empty counts as not set. */
export function settingsOf(env: Environment, file: Environment): Environment {
  const given = Object.entries(env).filter(([name, value]) => value !== '' || file[name] === undefined);
  return { ...file, ...Object.fromEntries(given) };
}
