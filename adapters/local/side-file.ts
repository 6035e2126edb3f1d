import { existsSync, readFileSync } from 'node:fs';
import { StorageError } from '../../core/ports/storage-error.ts';
import { isAbsent } from './storage-failure.ts';

export type Metadata = Readonly<Record<string, string>>;

/** What the file says; undefined where there is none. Throws a StorageError where it is no JSON. */
export function readJson(file: string): unknown {
  // Most objects have none, and an error that is thrown and caught costs more than the look.
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new StorageError(
      `cannot read ${file}: it is damaged, it holds no JSON; restore a copy, or delete it: what it says of the object beside it is lost then`,
    );
  }
}
