import { headerValue } from '../http/headers.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import type { Page } from '../source/page.ts';
import type { OutcomePolicy } from '../source/source-policy.ts';
import { blockEvidence } from './block-evidence.ts';
import { blockRuleOf } from './block-rules.ts';
import type { Outcome, OutcomeCode } from './outcome.ts';
import { retryAfterMs } from './retry-after.ts';

export interface ResponseToJudge {
  readonly response: HttpResponse;
  /** The same response decoded; absent where that failed, and headers and status must do. */
  readonly page?: Page;
  readonly policy: Pick<OutcomePolicy, 'rateLimitStatuses' | 'blockStatuses'>;
  /**
   * Milliseconds since the epoch; read only for a Retry-After date in a response without a Date of its own.
   */
  readonly now?: number;
}

/**
 * The outcome of a response without valid records: a wall by a decisive header or address, then by what the
 * page holds together with the status, and only then the status alone. Undefined for a 2xx that is no wall:
 * what the parser found wrong with it stands. Ask only where there are no valid records; a page that has them
 * is not blocked.
 */
export function classifyResponse(judged: ResponseToJudge): Outcome | undefined {
  const { response, page, policy } = judged;
  const { status } = response;
  if (status === 304) return { code: 'NOT_MODIFIED' };
  const rule = blockRuleOf(blockEvidence(response, page));
  if (rule?.means === 'waiting') return rateLimited(judged, rule.id);
  if (rule !== undefined) {
    const message = `security wall (${rule.id}), HTTP ${status}`;
    return { code: 'BLOCKED', blockType: rule.means, rule: rule.id, message };
  }
  if (BUSY_STATUSES.has(status) && page && QUEUE_FULL.test(page.text.slice(0, 1000)))
    return queueFull(judged);
  if (policy.blockStatuses?.includes(status)) {
    const id = `status/${status}`;
    return { code: 'BLOCKED', blockType: 'waf', rule: id, message: `security wall (${id})` };
  }
  if (status === 429 || policy.rateLimitStatuses.includes(status))
    return rateLimited(judged, `status/${status}`);
  if (status === 503 && headerValue(response.headers, 'retry-after') !== undefined) {
    return rateLimited(judged, 'status/503-retry-after');
  }
  const code = codeOf(status);
  if (code === undefined) return undefined;
  return { code, rule: `status/${status}`, message: `HTTP ${status} ${response.statusText}`.trimEnd() };
}

/** A service between us and the site that has no room for one more page says so in its own JSON. */
const QUEUE_FULL = /^\s*\{[\s\S]*"(?:error_?)?code"\s*:\s*"QUEUE_FULL"/i;
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 503]);

function queueFull(judged: ResponseToJudge): Outcome {
  const message = `HTTP ${judged.response.status}, the queue of the service is full`;
  return { code: 'QUEUE_FULL', rule: 'service/queue-full', message, ...waitAskedBy(judged) };
}

function rateLimited(judged: ResponseToJudge, rule: string): Outcome {
  const { status, statusText } = judged.response;
  const message = `HTTP ${status} ${statusText}`.trimEnd();
  return { code: 'RATE_LIMITED', rule, message, ...waitAskedBy(judged) };
}

function waitAskedBy({ response, now }: ResponseToJudge): Pick<Outcome, 'retryAfterMs'> {
  const asked = retryAfterMs(response.headers, now);
  return asked === undefined ? {} : { retryAfterMs: asked };
}

/** Single statuses that mean something else than their class. */
const STATUS_CODES: Readonly<Record<number, OutcomeCode>> = {
  401: 'AUTH_FAILED',
  // Not for us, for money or by law: like 403, asking again changes nothing.
  402: 'AUTH_FAILED',
  403: 'AUTH_FAILED',
  404: 'NOT_FOUND',
  407: 'AUTH_FAILED',
  // The server got tired of waiting for our request.
  408: 'TIMEOUT',
  410: 'NOT_FOUND',
  451: 'AUTH_FAILED',
};

/**
 * The status alone. What is left over is UNKNOWN_ERROR: a redirect without a readable Location, a 4xx that
 * says that our request is wrong (400, 405, 406, 414), a status outside of the standard (999).
 */
function codeOf(status: number): OutcomeCode | undefined {
  if (status >= 200 && status < 300) return undefined;
  const known = STATUS_CODES[status];
  if (known !== undefined) return known;
  return status >= 500 && status < 600 ? 'SERVER_ERROR' : 'UNKNOWN_ERROR';
}
