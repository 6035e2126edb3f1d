/** How an attempt ended. The closed list of the design, section 4. */
export const OUTCOME_CODES = [
  'SUCCESS',
  'NOT_MODIFIED',
  'RATE_LIMITED',
  'BLOCKED',
  'BLOCKED_PROXY',
  'NOT_FOUND',
  'AUTH_FAILED',
  'TIMEOUT',
  'NETWORK_ERROR',
  'SERVER_ERROR',
  'TOO_LARGE',
  'REFUSED',
  'HTML_CHANGED',
  'PARSE_ERROR',
  'VALIDATION_ERROR',
  'NO_RECORDS',
  'QUEUE_FULL',
  'UNKNOWN_ERROR',
] as const;
export type OutcomeCode = (typeof OUTCOME_CODES)[number];

export const BLOCK_TYPES = ['cloudflare', 'waf', 'captcha'] as const;
export type BlockType = (typeof BLOCK_TYPES)[number];

/** The coarse column that analysts group by. */
export type OutcomeStatus = 'success' | 'blocked' | 'not_found' | 'timeout' | 'error' | 'queue_full';

/** An outcome with its evidence. */
export interface Outcome {
  readonly code: OutcomeCode;
  /** With BLOCKED and BLOCKED_PROXY only. */
  readonly blockType?: BlockType;
  /** Id of the rule that recognised it, `cloudflare/cf-mitigated`. */
  readonly rule?: string;
  /** One line for a person; on success only where an index sends on to another page. */
  readonly message?: string;
  /** Milliseconds that the site asked us to stay away (Retry-After), not yet clamped. */
  readonly retryAfterMs?: number;
}

/** What is on record of a page that was left out because two processes died over it. */
export const PROCESS_DIED =
  'the process died twice over this partition, the last time while it read this page';

/** True where nobody knows the page, but that whoever read it died: of its size nothing is known. */
export function isProcessDeath({
  code,
  message,
}: {
  readonly code: OutcomeCode;
  readonly message?: string | null;
}): boolean {
  return code === 'TOO_LARGE' && message === PROCESS_DIED;
}

/** True where a proxy failed: that says nothing of the site, nor of the target. */
export function isProxyFailure({ rule }: Pick<Outcome, 'rule'>): boolean {
  return rule?.startsWith('proxy/') ?? false;
}

/** `RATE_LIMITED (HTTP 406 Not Acceptable)`: an outcome as people read it. */
export function errorText({
  code,
  message,
}: {
  readonly code: OutcomeCode;
  readonly message: string | null;
}): string {
  return message ? `${code} (${message})` : code;
}

/** `RATE_LIMITED HTTP 406 Not Acceptable`: an outcome as the reason that goes on record. */
export function reasonText({
  code,
  message,
}: {
  readonly code: OutcomeCode;
  readonly message?: string | null;
}): string {
  return `${code} ${message ?? ''}`.trim();
}
