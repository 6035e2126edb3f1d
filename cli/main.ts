import { type Command, CommanderError } from 'commander';
import { VERSION } from '../core/version.ts';
import { newCommand } from './command.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';

/**
 * The command line. Sets the exit code: 0 whole, 1 failed, 2 wrong usage, 3 done but incomplete, 130
 * interrupted.
 */
export async function main(argv: readonly string[]): Promise<void> {
  quietExperimentalWarnings();
  endQuietlyWithTheReader();
  if (process.env.RESCRAPE_LAUNCHED === '1') endWithTheLauncher();
  const words = argv.slice(2);
  const json = words.includes('--json');
  let program: Command | undefined;
  try {
    const called = calledIn(words);
    program = await newProgram((entry) => entry.name === called);
    // What goes to standard error under --json is for a program.
    if (json) silenceHelpOnError(program);
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // the help or the version was printed
    // Knowing every error there is takes most of the modules: only where one came up.
    const { reportError } = await import('./errors.ts');
    const place = program ? (await import('./context.ts')).placeOf(program) : [];
    process.exitCode = reportError(error, { json, place });
  }
}

/**
 * The program with every command: those that are wanted in full, the others with their name and what they do.
 */
export async function newProgram(isWanted: (entry: CommandEntry) => boolean): Promise<Command> {
  const program = newCommand('rescrape')
    .description(
      'Scrapes the last days of every source again, swaps each date partition atomically, and proves how complete the result is.',
    )
    .version(VERSION, '--version', 'print the version')
    .option('--local <directory>', 'where the lake and the state are', '.rescrape')
    .option('--stack <name>', 'work on a deployed pipeline stack instead')
    .option('--json', 'print JSON instead of text');
  for (const entry of COMMANDS) {
    const command = isWanted(entry) ? await entry.load() : newCommand(entry.name);
    program.addCommand(command.description(entry.description));
  }
  return program;
}

/** Options of the program that take the next word as their value. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--local', '--stack']);

/** The first word that is no option; of `help run`, the second. */
function calledIn(words: readonly string[]): string | undefined {
  const operands = words.filter((word, at) => !word.startsWith('-') && !WITH_VALUE.has(words[at - 1] ?? ''));
  return operands[0] === 'help' ? operands[1] : operands[0];
}

function silenceHelpOnError(command: Command): void {
  command.configureOutput({ ...command.configureOutput(), writeErr: () => undefined });
  for (const child of command.commands) silenceHelpOnError(child);
}

/**
 * The launcher's end closes the channel. Listening holds the channel open, which must not keep us here when
 * all is done.
 */
function endWithTheLauncher(): void {
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
}

/** `rescrape query … | head` closes the pipe when it has seen enough: that is no error. */
function endQuietlyWithTheReader(): void {
  if (!process.stdout.listeners('error').includes(onPipeError)) process.stdout.on('error', onPipeError);
}

function onPipeError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
}

/**
 * node:sqlite says on every start that it is new; the version of Node is pinned, so that is nobody's
 * surprise.
 */
function quietExperimentalWarnings(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning')
      for (const listener of listeners) listener.call(process, warning);
  });
}
