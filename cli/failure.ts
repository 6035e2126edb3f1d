import type { Step } from '../core/advice/step.ts';
import type { Subject } from '../core/advice/subject.ts';

/** What a program reads in `error.code` under `--json`. */
export type ErrorCode =
  | 'USAGE'
  | 'INCOMPLETE'
  | 'FAILED'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'CORRUPT_LAKE'
  | 'STORAGE'
  | 'QUERY'
  | 'INTERRUPTED'
  | 'INTERNAL';

/** What to do next: a clause, steps of advice, or what to advise about where the error is told. */
export type Hint = string | readonly Step[] | Subject;

/**
 * An expected end of a command that is not its success. `hint`: what to do next, where the message does not
 * say.
 */
export abstract class CommandError extends Error {
  readonly hint: Hint | undefined;

  constructor(message: string, hint?: Hint) {
    super(message);
    this.hint = hint;
  }
}

/** The command was understood and could not be done: one line, exit code 1. */
export class FailedCommand extends CommandError {
  override readonly name = 'FailedCommand';
}

/** What the command is about is not on record: one line, exit code 1. */
export class NotFoundError extends CommandError {
  override readonly name = 'NotFoundError';
}

/** All that it names is that way already, so that there is nothing to do: one line, exit code 1. */
export class NothingToDoError extends CommandError {
  override readonly name = 'NothingToDoError';
}

/** Files are not what was committed: one line, exit code 1. */
export class DamagedLakeError extends CommandError {
  override readonly name = 'DamagedLakeError';
}

/** The command did what it was asked for, and what came of it is not whole: one line, exit code 3. */
export class IncompleteCommand extends CommandError {
  override readonly name = 'IncompleteCommand';
}

/** The command was ended by a signal before its work was done: one line, exit code 130. */
export class InterruptedCommand extends CommandError {
  override readonly name = 'InterruptedCommand';
}

/** The command was not understood: one line, exit code 2. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}
