import { CorruptLakeError } from './manifest.ts';

/**
 * What this program keeps as JSON for itself, as it was written. Throws a CorruptLakeError that names the
 * object where it holds no JSON. `next`: what somebody does about that.
 */
export function parseStored<T>(
  key: string,
  body: Uint8Array | string,
  next = 'run again: a new run has no use for it',
): T {
  try {
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)) as T;
  } catch {
    throw new CorruptLakeError(`${key} is damaged, it holds no JSON: ${next}`);
  }
}
