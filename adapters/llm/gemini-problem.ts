import { plainText } from '../../core/extract/plain-text.ts';
import { headerValue } from '../../core/http/headers.ts';
import { retryAfterMs } from '../../core/outcome/retry-after.ts';
import type { ProviderProblem } from '../../core/ports/batch-provider.ts';
import type { HttpFailure, HttpResponse } from '../../core/ports/http-client.ts';

type Cause = ProviderProblem['cause'];

/** A year in milliseconds, as for Retry-After. */
const LONGEST_WAIT_MS = 365 * 24 * 3_600_000;

/** What a status means; the rest of 5xx is the server's, and of 3xx and 4xx a refusal. */
const CAUSES: Readonly<Record<number, Cause>> = { 404: 'missing', 408: 'server', 429: 'rate-limited' };

/** What an answer means that is no success. Its body may be `{error: {…}}`, HTML or nothing. */
export function answerProblem(response: HttpResponse, now: number): ProviderProblem {
  const { status, headers } = response;
  const error = errorOf(response.body);
  const cause = CAUSES[status] ?? (status >= 500 ? 'server' : 'refused');
  const waits = [retryAfterMs(headers, now), retryDelayMs(error?.details)].filter((ms) => ms !== undefined);
  const said = error ? `${error.status} ${error.message}`.trim() : notJson(response);
  return {
    kind: 'problem',
    cause,
    ...(waits.length > 0 && { retryAfterMs: Math.max(...waits) }),
    message: `HTTP ${status} ${said}`.trim(),
  };
}

/** What it means that no answer came. */
export function failureProblem({ code, message }: HttpFailure): ProviderProblem {
  const cause = code === 'REFUSED' ? 'refused' : code === 'TOO_LARGE' ? 'server' : 'unreachable';
  return { kind: 'problem', cause, message };
}

/** What came where JSON should have come, a login page or a proxy's error: its media type and first words. */
export function notJson({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): string {
  if (body.length === 0) return 'without a body';
  const type = headerValue(headers, 'content-type')?.split(';', 1)[0] ?? 'no content type';
  const words = firstWords(Buffer.from(body.subarray(0, LOOKED_AT)).toString('utf8'));
  return `with ${type} in place of JSON${words === '' ? '' : `: ${JSON.stringify(words)}`}`;
}

/** Bytes of a page that are looked at for words. */
const LOOKED_AT = 16_384;
/** Characters of them that are told. */
const WORDS_LENGTH = 80;

/** What a person reads first in a page, without its tags, styles and scripts; empty where it says nothing. */
export function firstWords(page: string): string {
  return page
    .slice(0, LOOKED_AT)
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, WORDS_LENGTH)
    .trim();
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a text that is JSON; undefined for one that is none. */
export function parsedJson(body: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

interface ApiError {
  readonly status: string;
  readonly message: string;
  readonly details: unknown;
}

/** `{error: {code, message, status, details}}`, in a list of one as well. */
function errorOf(body: Uint8Array): ApiError | undefined {
  const parsed = parsedJson(body);
  const outer = Array.isArray(parsed) ? parsed[0] : parsed;
  const error = isRecord(outer) ? outer.error : undefined;
  if (!isRecord(error)) return undefined;
  return { status: plainText(error.status), message: plainText(error.message), details: error.details };
}

/** Milliseconds of google.rpc.RetryInfo: `"36s"`, `"0.84765s"`. */
function retryDelayMs(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) {
    if (!isRecord(detail) || !plainText(detail['@type']).endsWith('google.rpc.RetryInfo')) continue;
    const seconds = /^(\d{1,12}(?:\.\d{1,9})?)s$/.exec(plainText(detail.retryDelay))?.[1];
    const ms = Math.ceil(Number(seconds ?? 0) * 1000);
    if (ms > 0) return Math.min(ms, LONGEST_WAIT_MS);
  }
  return undefined;
}
