import { classifyResponse } from '../outcome/classify.ts';
import { isProxyFailure, type Outcome } from '../outcome/outcome.ts';
import { retryAfterMs } from '../outcome/retry-after.ts';
import type { HttpExchange, HttpResponse } from '../ports/http-client.ts';
import { AbortGrace, CUT_OFF } from './abort-grace.ts';
import { type DecodedPrefix, textPrefix } from './decode-prefix.ts';
import type { RobotsRequest, Route } from './fetcher.ts';
import {
  addressPolicy,
  failureOf,
  type HopOptions,
  MAX_REDIRECTS,
  nextOf,
  paceOf,
  privateAddressesFor,
  sentBy,
} from './hop.ts';
import type { RobotsAnswer } from './robots.ts';
import { ROBOTS_MAX_BYTES } from './robots-rules.ts';

/**
 * Asks an origin for its robots.txt, redirects followed (RFC 9309, section 2.3.1.2) under the same rules as
 * for pages. 4xx means there is none; 429, 5xx and a body that cannot be read mean that we do not know. A
 * security wall in its place is the wall of the site: no page behind it is asked for. Rejects only where the
 * store of permits is out of reach, or the signal was aborted before anything was sent.
 */
export async function loadRobots(
  options: HopOptions,
  origin: string,
  signal: AbortSignal,
  route?: Route,
): Promise<RobotsAnswer> {
  const { clock } = options;
  const by = sentBy(route);
  const robotsUrl = new URL('/robots.txt', origin);
  let url = robotsUrl;
  let startedAt: number | undefined;
  let lastHop: RobotsRequest | undefined;
  for (let redirects = 0; ; redirects++) {
    const sent = await sendOnce(options, url, signal, route).catch((error: unknown) => {
      if (lastHop === undefined || !signal.aborted) throw error;
      return undefined;
    });
    if (sent === undefined)
      return unreachable(
        { code: 'NETWORK_ERROR', message: 'stopped before a redirect was followed' },
        lastHop,
      );
    startedAt ??= sent.startedAt;
    const { exchange } = sent;
    const request: RobotsRequest = {
      url: robotsUrl.href,
      startedAt,
      finishedAt: clock.now(),
      ...(exchange.kind === 'failed' ? { failure: failureOf(exchange) } : { httpStatus: exchange.status }),
      wireBytes: exchange.kind === 'failed' ? 0 : exchange.body.length,
      ...(by && { by }),
    };
    if (exchange.kind === 'failed') {
      // Refused means that no connection was made, so there is no request to report.
      const sentAny = redirects > 0 || exchange.code !== 'REFUSED';
      return { ...unreachable(exchange, sentAny ? request : undefined), ...(by && { by }) };
    }
    const next = nextOf(exchange);
    if (next === undefined) return answerOf(exchange, request, clock.now());
    const refusal = addressPolicy(next, url);
    if (refusal !== undefined) return unreachable(refusal, request);
    // More redirects than this may be read as no file at all (section 2.3.1.2).
    if (redirects === MAX_REDIRECTS) return { kind: 'absent', request };
    url = next;
    lastHop = request;
  }
}

async function sendOnce(
  options: HopOptions,
  url: URL,
  signal: AbortSignal,
  route: Route | undefined,
): Promise<{ exchange: HttpExchange; startedAt: number }> {
  const { client, clock, rateLimiter, politeness, limits } = options;
  const permit = await rateLimiter.acquire(url.host, paceOf(options), signal);
  const startedAt = clock.now();
  const grace = new AbortGrace(clock, signal);
  try {
    const exchange = await client.send({
      url: url.href,
      headers: {
        'User-Agent': route?.userAgent ?? politeness.userAgent,
        Accept: 'text/plain,*/*;q=0.8',
        'Accept-Encoding': 'gzip, br, zstd',
      },
      // One more tells that there is more.
      limits: { ...limits, maxWireBytes: ROBOTS_MAX_BYTES + 1 },
      cutsBody: true,
      privateAddresses: privateAddressesFor(url, options),
      signal: grace.signal,
      onSent: permit.sent,
      ...(route?.proxy && { proxy: route.proxy }),
    });
    return { exchange, startedAt };
  } catch (error) {
    if (error !== CUT_OFF) throw error;
    const exchange = { kind: 'failed', url: url.href, code: 'TIMEOUT', message: CUT_OFF.message } as const;
    return { exchange, startedAt };
  } finally {
    grace.end();
    permit.release();
  }
}

async function answerOf(response: HttpResponse, request: RobotsRequest, now: number): Promise<RobotsAnswer> {
  const { status } = response;
  const read = await textPrefix(response, ROBOTS_MAX_BYTES);
  const block = blockOf(response, read);
  if (block) return { ...unreachable(block, request), ...(request.by && { by: request.by }) };
  if (status === 429) {
    const retryAfter = retryAfterMs(response.headers, now);
    return unreachable({ code: 'RATE_LIMITED', message: 'HTTP 429', retryAfterMs: retryAfter }, request);
  }
  if (status >= 500) return unreachable({ code: 'SERVER_ERROR', message: `HTTP ${status}` }, request);
  if (status < 200 || status >= 300) return { kind: 'absent', request };
  if (read.kind === 'failed') return unreachable(read.outcome, request);
  return { kind: 'text', text: read.isCut ? wholeLines(read.text) : read.text, request };
}

/** The file itself is no HTML, and a page that says only that there is none is no wall either. */
function blockOf(response: HttpResponse, read: DecodedPrefix): Outcome | undefined {
  const text = read.kind === 'failed' ? '' : read.text;
  if (response.status < 400 && !/^\s*</.test(text)) return undefined;
  const { url, status } = response;
  const page = { url, status, contentType: 'text/html', text };
  const outcome = classifyResponse({ response, page, policy: NO_POLICY });
  return outcome?.code === 'BLOCKED' ? outcome : undefined;
}

/** Of a wall nothing of it is asked for. */
const NO_POLICY = { rateLimitStatuses: [] };

/** A line cut in two would forbid more than it says. */
function wholeLines(text: string): string {
  return text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1);
}

function unreachable(
  cause: Pick<Outcome, 'code' | 'message' | 'retryAfterMs' | 'rule' | 'blockType'>,
  request: RobotsRequest | undefined,
): Extract<RobotsAnswer, { kind: 'unreachable' }> {
  const { code, message = code, retryAfterMs: retryAfter, rule, blockType } = cause;
  const outcome: Outcome = {
    code,
    message: `robots.txt could not be read: ${message}`,
    ...(rule !== undefined && (blockType || isProxyFailure({ rule })) && { rule }),
    ...(blockType && { blockType }),
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
  };
  if (request === undefined) return { kind: 'unreachable', outcome };
  return { kind: 'unreachable', outcome, request: { ...request, failure: outcome } };
}
