import type { PipelineEvent } from '../core/platform.ts';
import { namesIn, type Warehouse } from '../core/ports/warehouse.ts';
import { SOURCE_NAMES } from '../sources/list.ts';
import { type Listed, loadForRun, loadForTable, loadListed } from '../sources/listed.ts';
import { refuseClockOf } from './clock.ts';
import { hasConfigFile, readConfigFile, settingsOf } from './config-file.ts';
import { everySource, withDerived } from './every-source.ts';
import { type LocalPlatform, openLocalPlatform } from './local-platform.ts';
import type { RelationsNeeded } from './local-relations.ts';
import { knowAllVariables, refuseUnknownVariables } from './setting-names.ts';
import type { StackPlatform } from './stack.ts';
import { isAboutAll } from './statement.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a command of the command line works on: a directory of this machine, or a deployed stack. */
export type CommandPlatform = LocalPlatform | StackPlatform;

export interface PlatformChoice {
  /** Directory of the lake and the state, unless a stack is named. */
  readonly local: string;
  /** Name of a deployed pipeline stack. */
  readonly stack?: string | undefined;
  /** Names of sources, where the command is a run of these: no other is loaded unless something needs it. */
  readonly runs?: readonly string[] | undefined;
  /**
   * Where the command is a statement: the sources behind the first table that it names may be left out. What
   * it cannot find is to be looked for among all (`Platform.everySource`).
   */
  readonly statement?: string | undefined;
}

/**
 * Opens what was chosen, with the settings of the environment and of the file beside it. Throws a
 * `StorageError` of one line for a stack that is not there, and a `SettingError` for a setting that cannot be
 * used.
 */
export async function openPlatform(
  { local, stack, runs = [], statement }: PlatformChoice,
  env: Environment,
  onEvent?: (event: PipelineEvent) => void,
): Promise<CommandPlatform> {
  const load = () => (statement === undefined ? loadForRun(runs) : loadForStatement(statement));
  const part = stack === undefined ? await partFor(load, env) : undefined;
  const listed = part ?? (await loadListed());
  const settings = part ? env : await settingsWith(env, listed);
  const sources = await withDerived(listed);
  const options = { env: settings, ...(onEvent && { onEvent }), sources, enrichers: listed.enrichers };
  if (stack === undefined) {
    return openLocalPlatform({
      directory: local,
      ...options,
      ...(part && { everySource }),
    });
  }
  refuseClockOf(env);
  // The SDK takes a quarter of a second to load, which a command that works locally has no use for.
  const { openStack } = await import('./stack.ts');
  return openStack(stack, options);
}

/**
 * What a command has a use for. Undefined where all is needed: for a file of settings too, and a variable
 * that only a source which is not loaded may know.
 */
async function partFor(
  load: () => Promise<Listed | undefined>,
  env: Environment,
): Promise<Listed | undefined> {
  const part = hasConfigFile(process.cwd()) ? undefined : await load();
  const others = SOURCE_NAMES.filter((name) => part?.sources.every((source) => source.name !== name));
  const known = [...(part?.sources ?? []), ...others.map((name) => ({ name }))];
  return knowAllVariables(env, known) ? part : undefined;
}

async function loadForStatement(sql: string): Promise<Listed | undefined> {
  return isAboutAll(sql) ? undefined : loadForTable(namesIn(sql));
}

/** What is set in the environment, over what is set in the file. Throws a SettingError. */
export async function settingsHere(env: Environment): Promise<Environment> {
  return settingsWith(env, await loadListed());
}

async function settingsWith(env: Environment, { sources, extractions }: Listed): Promise<Environment> {
  refuseUnknownVariables(env, sources, extractions);
  return settingsOf(env, await readConfigFile(process.cwd(), sources, extractions));
}

export function isStack(platform: CommandPlatform): platform is StackPlatform {
  return 'resources' in platform;
}

/**
 * SQL over the lake, at this moment. Locally only the sources that are named are readable tables. Close it.
 */
export async function openWarehouse(
  platform: CommandPlatform,
  sources: CommandPlatform['sources'],
  env: Environment,
  needed: RelationsNeeded = {},
): Promise<Warehouse> {
  if (!isStack(platform)) {
    const { openLocalWarehouse } = await import('./local-warehouse.ts');
    return openLocalWarehouse({ ...platform, sources }, needed);
  }
  const { openStackWarehouse } = await import('./stack.ts');
  return openStackWarehouse(platform, env);
}
