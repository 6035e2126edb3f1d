import type { Clock } from '../../core/ports/clock.ts';
import { awsTrouble } from './aws-failure.ts';
import { type Backoff, retrying } from './backoff.ts';

const BROKEN_BODY: Backoff = { attempts: 3, baseMs: 100, capMs: 1_000 };

/** Reads an object with its body: the SDK does not repeat a GET whose body breaks off after its headers. */
export function readingBody<T>(clock: Clock, read: () => Promise<T>): Promise<T> {
  return retrying(clock, BROKEN_BODY, isBrokenBody, read);
}

/**
 * A connection that broke while the body came: the SDK had already handed the answer over, so it bears no
 * metadata. An answer that was read to its end has some; what breaks off in it is of the network alone.
 */
function isBrokenBody(error: unknown): boolean {
  return error instanceof Error && !('$metadata' in error) && awsTrouble(error)?.kind === 'unclear';
}
