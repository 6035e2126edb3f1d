import { Buffer } from 'node:buffer';
import type { Json } from '../core/ports/state-store.ts';

/** An error of the language itself; a `final` one passes every Catch and Retry. */
export class StatesError extends Error {
  readonly isCatchable: boolean;

  constructor(name: string, message: string, reach: 'final' | 'catchable') {
    super(message);
    this.name = name;
    this.isCatchable = reach === 'catchable';
  }
}

/** Step Functions passes at most 256 KiB between states. */
const MAX_STATE_BYTES = 262_144;

/** What would arrive after a trip through Lambda: no dates, no undefined, and nothing too large. */
export function toJson(value: unknown): Json {
  const text = JSON.stringify(value) ?? 'null';
  if (text.length * 3 > MAX_STATE_BYTES && Buffer.byteLength(text) > MAX_STATE_BYTES) {
    const message = `a payload or answer of ${Buffer.byteLength(text)} bytes; Step Functions passes at most 262144`;
    throw new StatesError('States.DataLimitExceeded', message, 'final');
  }
  return JSON.parse(text);
}

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
