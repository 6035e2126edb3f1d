import { Command, InvalidArgumentError, type Option } from 'commander';

/** A command as this program keeps them: subcommands made from it with `.command()` keep the same habits. */
export function newCommand(name: string): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // `main` says it, as it says every other error
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: optionsOfProgram });
}

/** Options of a group that has an action are for that action alone: `refuseOptionsOfGroup`. */
function optionsOfProgram({ parent }: Command): Option[] {
  if (!parent) return [];
  return parent.parent ? optionsOfProgram(parent) : parent.options.filter(({ hidden }) => !hidden);
}

/** A hook before a subcommand: what it does not know must not be taken, and ignored, by its group. */
export function refuseOptionsOfGroup(group: Command, subcommand: Command): void {
  for (const option of group.options) {
    const name = option.attributeName();
    const isKnown = subcommand.options.some((known) => known.attributeName() === name);
    if (!isKnown && group.getOptionValueSource(name) === 'cli')
      subcommand.error(`error: unknown option '${option.long}'`, { code: 'commander.unknownOption' });
  }
}

/** The help's last paragraph: commands that can be typed as they stand. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ rescrape ${line}`).join('\n')}`;
}

/** Reads an option that is a count: a whole number from 1. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1');
  return value;
}
