import type { AttemptRow } from '../lake/log-tables.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Which try at a page it is. */
export interface Try {
  /** In its run, from 1. */
  readonly number: number;
  /** Tries in runs before, which this one retries. @default 0 */
  readonly earlier?: number;
  /** When the try before ended; milliseconds. */
  readonly lastAt?: number;
}

/** The try after those that are on record of this run; `earlier`: of runs before. */
export function nextTry(before: Checkpoint | undefined, earlier?: Omit<Try, 'number'>): Try {
  const attempt = before?.attempt;
  const ended = attempt && Date.parse(attempt.attempted_at) + attempt.timing_ms;
  return { ...earlier, number: (attempt?.attempt_number ?? 0) + 1, ...(ended && { lastAt: ended }) };
}

/** What a row tells of the tries before it. `startedAt`: of this one; milliseconds. */
export function retryFacts({ number, earlier = 0, lastAt }: Try, startedAt: number) {
  const retries = earlier + number - 1;
  return {
    retry_count: retries,
    last_retry_at: retries > 0 ? new Date(startedAt).toISOString() : null,
    backoff_delay_ms: lastAt === undefined ? 0 : Math.max(0, Math.round(startedAt - lastAt)),
  } satisfies Partial<AttemptRow>;
}
