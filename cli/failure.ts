/** The command was understood and could not be done: one line, exit code 1. */
export class FailedCommand extends Error {
  override readonly name = 'FailedCommand';
}

/** The command was ended by a signal before its work was done: one line, exit code 130. */
export class InterruptedCommand extends Error {
  override readonly name = 'InterruptedCommand';
}

/** The command was not understood: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
