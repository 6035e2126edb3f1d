import { Command, InvalidArgumentError } from 'commander';

/** A command as this program keeps them: subcommands made from it with `.command()` keep the same habits. */
export function newCommand(name: string): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // `main` says it, as it says every other error
    .configureHelp({ showGlobalOptions: true });
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
