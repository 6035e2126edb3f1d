import { headerValue } from '../http/headers.ts';
import type { HttpResponse } from '../ports/http-client.ts';

/** What the last capture of a page carried, sent back so that an unchanged page costs a 304. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Those among the facts of a page; empty where it has none. */
export function validatorsOf({
  etag,
  lastModified,
}: {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}): Validators {
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** What a response came with that the next request can send back. */
export function validatorsIn(response: HttpResponse | undefined): Validators {
  if (response?.status !== 200) return {};
  const { headers } = response;
  return validatorsOf({
    etag: headerValue(headers, 'etag'),
    lastModified: headerValue(headers, 'last-modified'),
  });
}
