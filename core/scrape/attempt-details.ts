import type { FetchResult } from '../fetch/fetcher.ts';

/** Headers that tell later why a site answered as it did. None that could hold a secret. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'cf-cache-status',
  'cf-mitigated',
  'cf-ray',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'server',
  'via',
  'x-cache',
]);

/** Characters of a header that are kept: whatever is longer is no use to a reader. */
const MAX_HEADER_LENGTH = 200;

/** What is known of a response beside the columns of its attempt, as JSON: small, for a person to read. */
export function detailsOf(fetched: Exclude<FetchResult, { kind: 'dropped' }>): string {
  if (fetched.kind === 'failed') return JSON.stringify({ request_sent: fetched.requestSent });
  const { statusText, remoteAddress, headers } = fetched.response;
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (KEPT_HEADERS.has(key)) kept[key] = value.slice(0, MAX_HEADER_LENGTH);
  }
  return JSON.stringify({
    status_text: statusText.slice(0, MAX_HEADER_LENGTH),
    ...(remoteAddress !== undefined && { remote_address: remoteAddress }),
    headers: kept,
  });
}
