import { type HeaderPairs, headerValue } from '../http/headers.ts';
import { redirectTarget } from '../http/redirect.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import type { Page } from '../source/page.ts';
import { outlineOf, type PageOutline } from './page-outline.ts';

/** A response laid out for the rules, everything in lower case. */
export interface BlockEvidence {
  readonly status: number;
  /** The addresses that a wall may have: of the last hop, and where it would send us next. */
  readonly urls: readonly string[];
  /** The first value of a header, trimmed and in lower case; empty where there is none. */
  header(name: string): string;
  /** Undefined for a page with content of its own, which no mark on it makes a wall. */
  readonly outline: PageOutline | undefined;
  /** The decoded page as it came; empty where it could not be decoded. */
  readonly page: string;
}

export function blockEvidence(response: HttpResponse, page: Page | undefined): BlockEvidence {
  const text = page?.text ?? '';
  const next = redirectTarget(response)?.href;
  return {
    status: response.status,
    urls: (next === undefined ? [response.url] : [response.url, next]).map((url) => url.toLowerCase()),
    header: (name) => lowerHeader(response.headers, name),
    outline: outlineOf(text),
    page: text,
  };
}

function lowerHeader(headers: HeaderPairs, name: string): string {
  return headerValue(headers, name)?.toLowerCase() ?? '';
}

/** True for an address of the host or below it, whose path begins with `path`. */
export function addressed(evidence: BlockEvidence, host: RegExp, path = ''): boolean {
  return evidence.urls.some((url) => {
    const address = URL.parse(url);
    return address !== null && host.test(`.${address.hostname}`) && address.pathname.startsWith(path);
  });
}
