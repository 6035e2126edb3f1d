import { headerValue } from '../http/headers.ts';
import { retryAfterMs } from '../outcome/retry-after.ts';
import type { HttpExchange } from '../ports/http-client.ts';

export interface PausePolicy {
  /** Statuses that make the whole host pause. @default [429] */
  readonly rateLimitStatuses?: readonly number[];
  /** Milliseconds of that pause where the site names none. @default 2000, the first wait of a retry */
  readonly rateLimitPauseMs?: number;
}

/** Milliseconds for which this answer asks the whole host to be left alone; undefined for none. */
export function hostPauseMs(policy: PausePolicy, exchange: HttpExchange, now: number): number | undefined {
  if (exchange.kind === 'failed') return undefined;
  const { rateLimitStatuses = [429], rateLimitPauseMs = 2000 } = policy;
  const { status, headers } = exchange;
  const hasHeader = headerValue(headers, 'retry-after') !== undefined;
  const isLimit = status === 429 || rateLimitStatuses.includes(status) || (status === 503 && hasHeader);
  // Whatever it says, it was too fast: a shorter wait than the usual one is none.
  return isLimit ? Math.max(retryAfterMs(headers, now) ?? 0, rateLimitPauseMs) : undefined;
}
