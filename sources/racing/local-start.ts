/** The local start of a race. */
export interface LocalStart {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** `HH:MM`. */
  readonly off: string;
}

const START = /^(\d{4}-\d{2}-\d{2})[T ]((?:[01]\d|2[0-3]):[0-5]\d)/;

/**
 * `2025-11-17T14:05:00+01:00` starts at 14:05 where it is held. Undefined where a time is no time of day
 * (`34:10`).
 */
export function parseLocalStart(text: string): LocalStart | undefined {
  const [, date, off] = START.exec(text.trim()) ?? [];
  return date === undefined || off === undefined ? undefined : { date, off };
}
