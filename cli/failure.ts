/** The command was understood and could not be done: one line, exit code 1. */
export class FailedCommand extends Error {
  override readonly name = 'FailedCommand';
}

/** The command was not understood: one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
