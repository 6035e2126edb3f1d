import { Command, CommanderError } from 'commander';
import { CorruptLakeError } from '../core/lake/manifest.ts';
import { DecisionError } from '../core/pipeline/decisions.ts';
import { StageError } from '../core/pipeline/platform.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { WarehouseError } from '../core/ports/warehouse.ts';
import { RunInProgressError } from '../runtime/run-lock.ts';
import { SettingError } from '../runtime/settings.ts';
import { attemptsCommand, blocksCommand } from './attempts.ts';
import { completenessCommand } from './completeness.ts';
import { demoCommand } from './demo.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { failuresCommand } from './failures.ts';
import { partitionsCommand } from './partitions.ts';
import { queryCommand } from './query.ts';
import { reparseCommand } from './reparse.ts';
import { runCommand } from './run.ts';
import { skipCommand } from './skip.ts';
import { viewsCommand } from './views.ts';
import { whyCommand } from './why.ts';

/** Errors whose message is the one line that the user needs; everything else is a bug and shows its stack. */
const EXPECTED = [
  StorageError,
  WarehouseError,
  CorruptLakeError,
  RunInProgressError,
  DecisionError,
  FailedCommand,
];
const WRONG_USAGE = [UsageError, SettingError];

/** The command line. Sets the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  quietExperimentalWarnings();
  if (process.env.RESCRAPE_LAUNCHED === '1') process.on('disconnect', () => process.exit(1));
  const program = new Command('rescrape')
    .description(
      'Scrapes the last days of every source again, swaps each date partition atomically, and proves how complete the result is.',
    )
    .option('--local <directory>', 'where the lake and the state are', '.rescrape')
    .option('--json', 'print JSON instead of text')
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)')
    .configureHelp({ showGlobalOptions: true });
  for (const command of [
    runCommand,
    demoCommand,
    completenessCommand,
    whyCommand,
    partitionsCommand,
    failuresCommand,
    reparseCommand,
    attemptsCommand,
    blocksCommand,
    skipCommand,
    queryCommand,
    viewsCommand,
  ])
    program.addCommand(command().exitOverride());
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
  return usage ? 2 : 1;
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
