import { CommanderError } from 'commander';
import { CorruptLakeError } from '../core/lake/manifest.ts';
import { StageError } from '../core/platform.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { WarehouseError } from '../core/ports/warehouse.ts';
import { DecisionError } from '../core/publish/decisions.ts';
import { RunInProgressError } from '../runtime/run-lock.ts';
import { SettingError } from '../runtime/settings.ts';
import { attemptsCommand, blocksCommand } from './attempts.ts';
import { newCommand } from './command.ts';
import { completenessCommand } from './completeness.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { demoCommand } from './demo.ts';
import { FailedCommand, InterruptedCommand, UsageError } from './failure.ts';
import { failuresCommand } from './failures.ts';
import { partitionsCommand } from './partitions.ts';
import { queryCommand } from './query.ts';
import { reparseCommand } from './reparse.ts';
import { resetCommand } from './reset.ts';
import { retryCommand } from './retry.ts';
import { runCommand } from './run.ts';
import { skipCommand } from './skip.ts';
import { viewsCommand } from './views.ts';
import { whyCommand } from './why.ts';
import { workerCommand } from './worker.ts';

/** Errors whose message is the one line that the user needs; everything else is a bug and shows its stack. */
const EXPECTED = [
  StorageError,
  WarehouseError,
  CorruptLakeError,
  RunInProgressError,
  DecisionError,
  FailedCommand,
  InterruptedCommand,
];
const WRONG_USAGE = [UsageError, SettingError];

/** The command line. Sets the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  quietExperimentalWarnings();
  endQuietlyWithTheReader();
  if (process.env.RESCRAPE_LAUNCHED === '1') endWithTheLauncher();
  const program = newCommand('rescrape')
    .description(
      'Scrapes the last days of every source again, swaps each date partition atomically, and proves how complete the result is.',
    )
    .option('--local <directory>', 'where the lake and the state are', '.rescrape')
    .option('--stack <name>', 'work on a deployed pipeline stack instead')
    .option('--json', 'print JSON instead of text')
    .exitOverride()

    .configureHelp({ showGlobalOptions: true });
  for (const command of [
    runCommand,
    demoCommand,
    completenessCommand,
    whyCommand,
    partitionsCommand,
    failuresCommand,
    retryCommand,
    workerCommand,
    deadLettersCommand,
    reparseCommand,
    attemptsCommand,
    blocksCommand,
    skipCommand,
    resetCommand,
    queryCommand,
    viewsCommand,
  ])
    program.addCommand(command());
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const usage =
    WRONG_USAGE.some((kind) => error instanceof kind) ||
    (error instanceof StageError && error.name === 'BadInput');
  const expected = usage || error instanceof StageError || EXPECTED.some((kind) => error instanceof kind);
  console.error(expected ? `rescrape: ${(error as Error).message}` : error);
  if (error instanceof InterruptedCommand) return 130;
  return usage ? 2 : 1;
}

/** The launcher's end closes the channel. Listening holds the channel open, which must not keep us here when all is done. */
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

/** node:sqlite says on every start that it is new; the version of Node is pinned, so that is nobody's surprise. */
function quietExperimentalWarnings(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning')
      for (const listener of listeners) listener.call(process, warning);
  });
}
