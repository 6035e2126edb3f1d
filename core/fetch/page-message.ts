import type { HttpExchange, HttpRequest } from '../ports/http-client.ts';
import type { FetchRequest } from './fetcher.ts';

/** Where a request for a page stands among its redirects. */
interface Hop {
  /** False where a redirect has led to another origin: it is told nothing that is not its business. */
  readonly isFirstOrigin: boolean;
  /** A redirect has made a GET of a POST: what it was sent with is left behind. */
  readonly isGetNow: boolean;
}

/** What goes out for a page: method, headers and body. */
export function messageOf(
  request: FetchRequest,
  userAgent: string,
  hop: Hop,
): Pick<HttpRequest, 'method' | 'headers' | 'body'> {
  const { method, body } = request;
  const headers = headersOf(request, userAgent, hop);
  if (hop.isGetNow) return { headers };
  return { headers, ...(method && { method }), ...(body !== undefined && { body }) };
}

function headersOf(
  { headers, validators = {} }: FetchRequest,
  userAgent: string,
  { isFirstOrigin, isGetNow }: Hop,
): Record<string, string> {
  const { etag, lastModified } = validators;
  const isOfBody = (name: string) => name.toLowerCase() === 'content-type';
  const own = Object.entries(headers ?? {});
  return {
    'User-Agent': userAgent,
    Accept: 'text/html,application/xhtml+xml,application/json;q=0.9,application/xml;q=0.9,*/*;q=0.8',
    // gzip first: captures keep the body as it came, and every tool that reads WARC reads gzip.
    'Accept-Encoding': 'gzip, br;q=0.8, zstd;q=0.8',
    ...Object.fromEntries(own.filter(([name]) => (isOfBody(name) ? !isGetNow : isFirstOrigin))),
    ...(isFirstOrigin && etag !== undefined ? { 'If-None-Match': etag } : {}),
    ...(isFirstOrigin && lastModified !== undefined ? { 'If-Modified-Since': lastModified } : {}),
  };
}

/** 303 always asks for the page with GET; 301 and 302 do so for a POST (RFC 9110, section 15.4). */
export function becomesGet(exchange: HttpExchange, { method = 'GET' }: FetchRequest): boolean {
  return method === 'POST' && exchange.kind === 'response' && [301, 302, 303].includes(exchange.status);
}
