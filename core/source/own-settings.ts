import type * as z from 'zod';
import type { OwnSettings, Source } from './source.ts';

/** The names of a source's own settings, as its definition has them. */
export function ownSettingNames({ settings }: Pick<Source, 'settings'>): readonly string[] {
  return Object.keys(settings?.shape ?? {});
}

/**
 * The values of a source's own settings from what was given; `unset` names the first that is needed and not
 * there. Throws an OwnSettingError for a value that does not fit.
 */
export function withSettings(
  { settings }: Pick<Source, 'settings'>,
  given: OwnSettings,
): Pick<Source, 'ownSettings' | 'unset'> {
  if (!settings) return { ownSettings: {}, unset: undefined };
  const values: Record<string, string | undefined> = {};
  let unset: string | undefined;
  for (const [name, field] of Object.entries(settings.shape)) {
    const schema = field as z.ZodType<string | undefined>;
    const checked = schema.safeParse(given[name]);
    if (checked.success) values[name] = checked.data;
    else if (given[name] === undefined) unset ??= name;
    else throw new OwnSettingError(name, checked.error.issues[0]!.message);
  }
  return { ownSettings: values, unset };
}

/** A value that a source's own setting may not have; whoever read it says under which name. */
export class OwnSettingError extends Error {
  readonly setting: string;

  constructor(setting: string, problem: string) {
    super(problem);
    this.setting = setting;
  }
}

/** What is wrong with the definition of a source's own settings. */
export function ownSettingsProblems(source: Pick<Source, 'settings'>): string[] {
  const wrong = ownSettingNames(source).filter((name) => !/^[a-z][a-z0-9_]{0,40}$/.test(name));
  return wrong.map((name) => `settings.${name}: must be lower case letters, digits and _`);
}
