import { awsTrouble } from '../adapters/aws/aws-failure.ts';
import { StageError } from '../core/platform.ts';
import { StorageError } from '../core/ports/storage-error.ts';

/**
 * An error as the state machine should see it: a service that throttles or gives no clear answer is
 * `Transient`, which it waits for; everything else keeps its name, and is final.
 */
export function asStageError(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  const kind = awsTrouble(error.cause)?.kind;
  return kind === 'throttled' || kind === 'unclear' ? new StageError('Transient', error.message) : error;
}
