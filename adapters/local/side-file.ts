import { existsSync, readFileSync } from 'node:fs';
import { isAbsent } from './storage-failure.ts';

export type Metadata = Readonly<Record<string, string>>;

/** What the file says; undefined where there is none. */
export function readJson(file: string): unknown {
  // Most objects have none, and an error that is thrown and caught costs more than the look.
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
