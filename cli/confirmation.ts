import type { Command } from 'commander';
import { UsageError } from './failure.ts';

/** Of every command that destroys something. */
export interface ConfirmOptions {
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
}

/** Adds `--dry-run` and `--confirm`. `what`: would be done, as in `what would be deleted`. */
export function withConfirmation(command: Command, what: string): Command {
  return command
    .option('--dry-run', `say ${what}, and do nothing`)
    .option('--confirm', 'do it; without it the command does as with --dry-run, and ends 2');
}

/** True unless `--confirm` says to do it. */
export function isDryRun(options: ConfirmOptions): boolean {
  refuseBoth(options);
  return options.confirm !== true;
}

export function refuseBoth({ dryRun = false, confirm = false }: ConfirmOptions): void {
  if (dryRun && confirm) throw new UsageError('--dry-run and --confirm exclude each other', 'choose one');
}

/**
 * Called when it is said what would be done, of `count` things: throws where that was not asked for, so that
 * nobody takes what was not done for done. Of nothing there is nothing to be done.
 */
export function refuseUnconfirmed({ dryRun = false, confirm = false }: ConfirmOptions, count: number): void {
  if (dryRun || confirm || count === 0) return;
  throw new UsageError('nothing was changed', '--confirm does it, and --dry-run only says what');
}
