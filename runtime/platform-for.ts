import type { PipelineEvent } from '../core/platform.ts';
import type { Warehouse } from '../core/ports/warehouse.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { listedSources } from '../sources/index.ts';
import { refuseClockOf } from './clock.ts';
import { readConfigFile, settingsOf } from './config-file.ts';
import { type LocalPlatform, openLocalPlatform } from './local.ts';
import type { RelationsNeeded } from './local-relations.ts';
import { refuseUnknownVariables } from './setting-names.ts';
import type { StackPlatform } from './stack.ts';

/** What a command of the command line works on: a directory of this machine, or a deployed stack. */
export type CommandPlatform = LocalPlatform | StackPlatform;

export interface PlatformChoice {
  /** Directory of the lake and the state, unless a stack is named. */
  readonly local: string;
  /** Name of a deployed pipeline stack. */
  readonly stack?: string | undefined;
}

/**
 * Opens what was chosen, with the settings of the environment and of the file beside it. Throws a
 * `StorageError` of one line for a stack that is not there, and a `SettingError` for a setting that cannot be
 * used.
 */
export async function openPlatform(
  { local, stack }: PlatformChoice,
  env: Readonly<Record<string, string | undefined>>,
  onEvent?: (event: PipelineEvent) => void,
): Promise<CommandPlatform> {
  const settings = await settingsHere(env);
  const options = { env: settings, ...(onEvent && { onEvent }) };
  if (stack === undefined) return openLocalPlatform({ directory: local, ...options });
  refuseClockOf(env);
  // The SDK takes a quarter of a second to load, which a command that works locally has no use for.
  const { openStack } = await import('./stack.ts');
  return openStack(stack, { ...options, sources: listedSources });
}

/** What is set in the environment, over what is set in the file. Throws a SettingError. */
export async function settingsHere(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  refuseUnknownVariables(env, listedSources, EXTRACTIONS);
  return settingsOf(env, await readConfigFile(process.cwd(), listedSources, EXTRACTIONS));
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
  env: Readonly<Record<string, string | undefined>>,
  needed: RelationsNeeded = {},
): Promise<Warehouse> {
  if (!isStack(platform)) {
    const { openLocalWarehouse } = await import('./local-warehouse.ts');
    return openLocalWarehouse({ ...platform, sources }, needed);
  }
  const { openStackWarehouse } = await import('./stack.ts');
  return openStackWarehouse(platform, env);
}
